import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { errors, reasonOf } from "../../contract/errors.ts";
import type { FoundImage } from "./reference.ts";

/** What an image says of how to run in it, as OCI and Docker write it. */
export interface ImageConfig {
  readonly Env?: readonly string[] | null;
  readonly WorkingDir?: string | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly User?: string | null;
}

/** A layer, lowest first in its list. */
export interface Layer {
  readonly path: string;
  /** Digest of the archive without its compression. */
  readonly diffId?: string;
}

/** An image that is ready to be unpacked. */
export interface OpenImage {
  readonly digest: string;
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
}

interface Descriptor {
  readonly digest: string;
  readonly mediaType?: string;
  readonly platform?: { readonly os?: string; readonly architecture?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** JSON that no image needs more of. */
const JSON_BYTES_MAX = 4 << 20;
const LAYERS_MAX = 512;
/** Indexes in indexes: that of a tarball, of its platforms, and one to spare. */
const DEPTH_MAX = 3;
const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/**
 * Opens an OCI layout, or what `docker save` has written, in a folder; every digest on the way is
 * verified. `undefined` when the folder holds neither.
 * @throws IMAGE_INVALID, IMAGE_DIGEST
 */
export async function openLayout(
  folder: string,
  image: FoundImage,
): Promise<OpenImage | undefined> {
  if (existsSync(join(folder, "oci-layout")) && existsSync(join(folder, "index.json"))) {
    return await new Layout(folder, image).open();
  }
  if (image.isFolder) throw errors.IMAGE_INVALID(image.name, "the folder holds no OCI layout");
  return existsSync(join(folder, "manifest.json"))
    ? await new Layout(folder, image).openSaved()
    : undefined;
}

/** The digest of a file, `sha256:…`. */
export async function digestOf(path: string, algorithm = "sha256"): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `${algorithm}:${hash.digest("hex")}`;
}

class Layout {
  readonly #folder: string;
  readonly #image: FoundImage;

  constructor(folder: string, image: FoundImage) {
    this.#folder = realpathSync(folder);
    this.#image = image;
  }

  async open(): Promise<OpenImage> {
    const index = this.#json<{ manifests?: Descriptor[] }>(this.#pathOf("index.json"));
    let at = this.#chosen(index.manifests ?? [], true);
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      const manifest = this.#json<{
        manifests?: Descriptor[];
        config?: Descriptor;
        layers?: Descriptor[];
      }>(await this.#blob(at.digest, "its manifest"));
      if (manifest.manifests !== undefined) {
        at = this.#chosen(manifest.manifests, false);
        continue;
      }
      const { config, layers = [] } = manifest;
      if (config === undefined) throw this.#invalid("its manifest has no config");
      this.#refuseMany(layers);
      const paths: string[] = [];
      for (const layer of layers) paths.push(await this.#blob(layer.digest, "a layer"));
      return this.#opened(at.digest, await this.#blob(config.digest, "its config"), paths);
    }
    throw this.#invalid("its indexes lead on and on");
  }

  /** Names of `docker save` before it wrote layouts: the config's is its digest. */
  async openSaved(): Promise<OpenImage> {
    type Saved = { Config?: string; Layers?: string[]; RepoTags?: string[] | null };
    const all = this.#json<Saved[]>(this.#pathOf("manifest.json"));
    if (!Array.isArray(all)) throw this.#invalid("manifest.json is no list");
    const { tag } = this.#image;
    const tagged = all.filter(({ RepoTags }) => RepoTags?.some((each) => each.endsWith(`:${tag}`)));
    const saved = all.length === 1 ? all[0] : tagged[0];
    if (saved?.Config === undefined) throw this.#invalid("manifest.json names no such image");
    const { Layers = [] } = saved;
    this.#refuseMany(Layers);
    const config = this.#pathOf(saved.Config);
    const found = await digestOf(config);
    const [, named] = /([0-9a-f]{64})(?:\.json)?$/.exec(saved.Config) ?? [];
    if (named !== undefined && found !== `sha256:${named}`) {
      throw errors.IMAGE_DIGEST(this.#image.name, "its config", `sha256:${named}`, found);
    }
    return this.#opened(
      found,
      config,
      Layers.map((path) => this.#pathOf(path)),
    );
  }

  #opened(digest: string, configPath: string, paths: readonly string[]): OpenImage {
    type Config = { config?: ImageConfig | null; rootfs?: { diff_ids?: string[] } };
    const { config, rootfs } = this.#json<Config>(configPath);
    const diffIds = rootfs?.diff_ids ?? [];
    if (diffIds.length !== paths.length) {
      throw this.#invalid(`${paths.length} layers and ${diffIds.length} diff_ids`);
    }
    const layers = paths.map((path, at) => {
      const diffId = diffIds[at];
      return { path, ...(diffId === undefined ? {} : { diffId }) };
    });
    const wanted = this.#image.digest;
    if (wanted !== undefined && wanted !== digest) {
      throw errors.IMAGE_DIGEST(this.#image.name, "it", wanted, digest);
    }
    return { digest, config: this.#checked(config ?? {}), layers };
  }

  /** An image may say anything; only lists of words and words may be used. */
  #checked(config: ImageConfig): ImageConfig {
    for (const name of ["Env", "Entrypoint", "Cmd"] as const) {
      const list = config[name] ?? [];
      if (!Array.isArray(list) || list.some((word) => typeof word !== "string")) {
        throw this.#invalid(`${name} of its config is no list of words`);
      }
    }
    for (const name of ["WorkingDir", "User"] as const) {
      if (typeof (config[name] ?? "") !== "string") {
        throw this.#invalid(`${name} of its config is no word`);
      }
    }
    if (JSON.stringify(config).includes("\\u0000")) throw this.#invalid("its config holds a NUL");
    return config;
  }

  #chosen(list: readonly Descriptor[], isTop: boolean): Descriptor {
    const { tag } = this.#image;
    const named = (one: Descriptor) => one.annotations?.["org.opencontainers.image.ref.name"];
    const tagged = isTop && tag !== undefined ? list.filter((one) => named(one) === tag) : [];
    const all = tagged.length > 0 ? tagged : list;
    const own = architectures[process.arch] ?? process.arch;
    const chosen =
      all.find(({ platform }) => platform?.os === "linux" && platform.architecture === own) ??
      all.find(({ platform }) => platform === undefined);
    if (chosen !== undefined) return chosen;
    throw this.#invalid(list.length === 0 ? "its index is empty" : `it has none for linux/${own}`);
  }

  async #blob(digest: string, what: string): Promise<string> {
    const [, algorithm, hex] = /^(sha256|sha512):([0-9a-f]{64,128})$/.exec(digest) ?? [];
    if (algorithm === undefined || hex === undefined) {
      throw this.#invalid(`"${digest}" is no digest`);
    }
    const path = this.#pathOf(join("blobs", algorithm, hex));
    const found = await digestOf(path, algorithm);
    if (found !== digest) throw errors.IMAGE_DIGEST(this.#image.name, what, digest, found);
    return path;
  }

  /** A file of the layout: links in a tarball may lead to other files of it and nowhere else. */
  #pathOf(name: string): string {
    let path: string;
    try {
      path = realpathSync(join(this.#folder, name));
    } catch {
      throw this.#invalid(`${name} is missing`);
    }
    if (!path.startsWith(`${this.#folder}/`)) throw errors.IMAGE_ESCAPES(this.#image.name, name);
    if (!statSync(path).isFile()) throw this.#invalid(`${name} is no file`);
    return path;
  }

  #json<T>(path: string): T {
    if (statSync(path).size > JSON_BYTES_MAX) throw this.#invalid("a description is too long");
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(path, "utf8"));
    } catch (thrown) {
      throw this.#invalid(`a description is no JSON: ${reasonOf(thrown)}`);
    }
    if (typeof value !== "object" || value === null) throw this.#invalid("a description is none");
    return value as T;
  }

  #refuseMany(layers: unknown): void {
    if (!Array.isArray(layers)) throw this.#invalid("its layers are no list");
    if (layers.length > LAYERS_MAX) throw this.#invalid(`it has over ${LAYERS_MAX} layers`);
  }

  #invalid(reason: string): Error {
    return errors.IMAGE_INVALID(this.#image.name, reason);
  }
}
