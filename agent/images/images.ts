import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type {
  ContainerSpec,
  IsolatorStatus,
  RootFilesystem,
} from "../../contract/ports/isolator.ts";
import type { Logger } from "../../contract/ports/log.ts";
import { removeTree } from "../../wire/remove-tree.ts";
import { runAs } from "../fetcher/programs.ts";
import { userInRoot } from "./in-root.ts";
import { freshFolder } from "./layers.ts";
import { type FoundImage, findImage } from "./reference.ts";
import { inImage } from "./run-config.ts";
import { ImageStore, type UnpackedImage } from "./store.ts";

/** Looks for images that are old even when no container comes and goes. */
const COLLECT_MS = 3_600_000;

/** What images are made ready with. */
export interface ImagesParts {
  /** Folder of its own, which only root may look into. */
  readonly folder: string;
  readonly config: AgentConfig["images"];
  readonly clock: Clock;
  readonly log: Logger;
}

/** How the files of an image become those of one container. */
type Backend = "overlay" | "copy";

/** What is remembered of a container for the next agent in this folder. */
interface Held {
  readonly digest: string;
  readonly backend: Backend;
}

/**
 * Gives containers root filesystems from images in a folder (F57, F70). What is mounted is mounted
 * by the container itself, in a namespace of its own: it is gone with the container's last process,
 * whatever becomes of this agent. What is left then are folders, one per container, which cleanup
 * and recovery remove.
 */
export class Images {
  readonly #parts: ImagesParts;
  readonly #store: ImageStore;
  readonly #containers: string;
  /** Why nothing can be run from images here, if so. */
  readonly #problem: string | undefined;
  readonly #backend: Backend;
  readonly #degraded: readonly string[];
  /** Digest of the image that each container is in. */
  readonly #held = new Map<string, string>();
  #timer: Timer | undefined;

  constructor(parts: ImagesParts) {
    this.#parts = parts;
    const { folder, config, clock, log } = parts;
    this.#containers = join(folder, "containers");
    const problem = problemHere(config.dir);
    if (problem === undefined) mkdirSync(this.#containers, { recursive: true, mode: 0o700 });
    const isTried = problem === undefined && config.backend !== "copy";
    const reason = isTried ? overlayProblem(folder) : undefined;
    const degraded: string[] = [];
    if (reason !== undefined) {
      const instead = config.backend === "auto" ? "every container gets a copy of its image" : "";
      degraded.push(`overlay: ${reason}; ${instead || "no images can be run"}`);
    }
    this.#problem = config.backend === "overlay" ? (problem ?? reason) : problem;
    if (problem !== undefined) degraded.push(`images: ${problem}`);
    this.#backend = isTried && reason === undefined ? "overlay" : "copy";
    this.#degraded = degraded;
    this.#store = new ImageStore({
      folder: join(folder, "unpacked"),
      cacheSize: config.cacheSize,
      gcDelayMs: config.gcDelay,
      clock,
      log,
      inUse: () => new Set(this.#held.values()),
    });
    if (config.dir === undefined) return;
    for (const what of this.#degraded) log.warn({ degraded: what }, "images run less well here");
    this.#timer = clock.every(COLLECT_MS, () => void this.#collect());
  }

  /** True where a folder of images is configured. */
  get isOn(): boolean {
    return this.#parts.config.dir !== undefined;
  }

  /** How it stands on this host. */
  status(): IsolatorStatus {
    const how = this.#problem === undefined ? `by ${this.#backend}` : "not to be had";
    return { summary: `images from ${this.#parts.config.dir}: ${how}`, degraded: this.#degraded };
  }

  /**
   * What a container with an image is run as: with a root filesystem, and with the command, the
   * environment and the user that the image says where the container does not.
   * @throws IMAGE_NAME_INVALID, IMAGE_NOT_FOUND, IMAGE_INVALID, IMAGE_DIGEST, IMAGE_ESCAPES,
   * IMAGE_NO_ROOM, IMAGE_UNSUPPORTED
   */
  async provide(spec: ContainerSpec, signal: AbortSignal): Promise<ContainerSpec> {
    const asked = spec.container?.mesos?.image;
    const { dir } = this.#parts.config;
    if (asked === undefined || dir === undefined) return spec;
    const { type, name } = asked;
    if (type === "APPC") throw errors.IMAGE_UNSUPPORTED(name, "it is of type APPC");
    if (this.#problem !== undefined) throw errors.IMAGE_UNSUPPORTED(name, this.#problem);
    const found = findImage(resolve(dir), name);
    const hold = (digest: string) => this.#held.set(spec.id, digest);
    // Others may wait for the same image, so it is unpacked to its end when this one is called off.
    const image = await this.#store.take(found, hold);
    signal.throwIfAborted();
    const own = freshFolder(join(this.#containers, spec.id));
    const record: Held = { digest: image.digest, backend: this.#backend };
    await writeFile(join(own, "container.json"), JSON.stringify(record));
    await this.#makeRoot(own, image, name, signal);
    return this.#with(spec, image, this.#backend);
  }

  async #makeRoot(
    own: string,
    image: UnpackedImage,
    name: string,
    signal: AbortSignal,
  ): Promise<void> {
    const root = freshFolder(join(own, "root"), 0o755);
    if (this.#backend === "overlay") {
      for (const each of ["upper", "work"]) freshFolder(join(own, each), 0o755);
      return;
    }
    const words = ["cp", "-a", "--reflink=auto", `${image.root}/.`, root] as const;
    const { code, text } = await runAs(undefined, words, { cwd: "/", signal });
    if (code === 0) return;
    if (/No space left/i.test(text)) throw errors.IMAGE_NO_ROOM(name, "the disk is full");
    throw errors.IMAGE_INVALID(name, `it cannot be copied: ${text.split("\n")[0]}`);
  }

  #with(spec: ContainerSpec, image: UnpackedImage, backend: Backend): ContainerSpec {
    const own = join(this.#containers, spec.id);
    const { config, root: lower } = image;
    const { name = "" } = spec.container?.mesos?.image ?? {};
    const user = config.User ? userInRoot(lower, config.User) : undefined;
    if (config.User && user === undefined) {
      throw errors.IMAGE_INVALID(name, `its user ${config.User} is not among its users`);
    }
    const overlay = { lower, upper: join(own, "upper"), work: join(own, "work") };
    const rootfs: RootFilesystem = {
      path: join(own, "root"),
      ...(backend === "overlay" ? { overlay } : {}),
      ...(config.WorkingDir ? { workingDirectory: config.WorkingDir } : {}),
      ...(user === undefined ? {} : { user }),
    };
    return { ...inImage(spec, config), rootfs };
  }

  /** A container that an earlier agent started, as `provide` has made it then. */
  restore(spec: ContainerSpec): ContainerSpec {
    const record = this.#read(spec.id);
    const image = record === undefined ? undefined : this.#store.get(record.digest);
    if (record === undefined || image === undefined) return spec;
    this.#held.set(spec.id, image.digest);
    return this.#with(spec, image, record.backend);
  }

  #read(id: string): Held | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#containers, id, "container.json"), "utf8"));
    } catch {
      return undefined;
    }
  }

  /**
   * Removes what containers have left that nobody knows of. What cannot be removed is left to the
   * next agent: this one must start.
   */
  async recover(known: ReadonlySet<string>): Promise<void> {
    if (!existsSync(this.#containers)) return;
    for (const id of readdirSync(this.#containers)) {
      const record = this.#read(id);
      if (!known.has(id)) await this.#releaseLeft(id);
      else if (record !== undefined) this.#held.set(id, record.digest);
    }
    await this.#collect();
  }

  async #releaseLeft(id: string): Promise<void> {
    try {
      await this.release(id);
    } catch (cause) {
      const facts = { container: id, reason: reasonOf(cause) };
      this.#parts.log.warn(facts, "what a container left of its image cannot be removed");
    }
  }

  /** The container has ended: its own files are removed, and its image may be. */
  async release(id: string): Promise<void> {
    this.#held.delete(id);
    if (!/^[\w.-]+$/.test(id) || id === "." || id === "..") return;
    await removeTree(join(this.#containers, id));
  }

  /** Removes unpacked images that no container is in, but for those of these names. */
  async prune(names: readonly string[]): Promise<void> {
    const { dir } = this.#parts.config;
    if (dir === undefined) return;
    await this.#store.prune(names.flatMap((name) => foundOrNot(resolve(dir), name)));
  }

  async #collect(): Promise<void> {
    try {
      await this.#store.collect();
    } catch (cause) {
      this.#parts.log.error({ err: cause }, "images cannot be removed");
    }
  }

  /** Looks for old images no more. */
  stop(): void {
    this.#timer?.cancel();
  }
}

/** A name that no image has is nothing to keep. */
function foundOrNot(dir: string, name: string): FoundImage[] {
  try {
    return [findImage(dir, name)];
  } catch (thrown) {
    if (thrown instanceof TepuiError) return [];
    throw thrown;
  }
}

function problemHere(dir: string | undefined): string | undefined {
  if (dir === undefined) return "images.dir is not set";
  if (process.getuid?.() !== 0) return "it takes an agent that runs as root";
  return existsSync(dir) ? undefined : `there is no folder ${resolve(dir)}`;
}

/** Mounting one, in a namespace that ends with it, is the proof. */
function overlayProblem(folder: string): string | undefined {
  const probe = join(realpathSync(folder), "probe");
  const [lower, upper, work, root] = ["lower", "upper", "work", "root"].map((name) =>
    freshFolder(join(probe, name)),
  );
  const escaped = [lower, upper, work].map((path = "") => path.replace(/[\\:,]/g, "\\$&"));
  const options = `lowerdir=${escaped[0]},upperdir=${escaped[1]},workdir=${escaped[2]}`;
  const words = ["--mount", "mount", "-t", "overlay", "overlay", "-o", options, root ?? ""];
  const { status, stderr, error } = spawnSync("unshare", words, { encoding: "utf8" });
  freshFolder(probe);
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split("\n")[0] || "it cannot be mounted");
}
