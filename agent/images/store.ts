import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import { removeTree, removeTreeSync } from "../../wire/remove-tree.ts";
import { freshFolder, putLayer, untar } from "./layers.ts";
import { digestOf, type ImageConfig, openLayout } from "./layout.ts";
import type { FoundImage } from "./reference.ts";

/** An image whose files are all in one folder, `root`. */
export interface UnpackedImage {
  readonly digest: string;
  readonly root: string;
  readonly config: ImageConfig;
}

interface Entry {
  readonly digest: string;
  /** Which file it came from, and how that was then. */
  readonly source: string;
  /** What was unpacked for it. */
  readonly bytes: number;
  readonly config: ImageConfig;
}

/** What a store works with; see `images` in the agent's config. */
export interface ImageStoreParts {
  readonly folder: string;
  readonly cacheSize: number;
  readonly gcDelayMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Digests of images that containers are in. */
  inUse(): ReadonlySet<string>;
}

/**
 * Unpacked images, by digest. Layers are not kept apart: what containers see is one folder per
 * image, made once, so a mount has one part below, and a file that is whole is never looked for in
 * a stack. Entries appear whole by a rename; what a crash leaves is removed at the start.
 */
export class ImageStore {
  readonly #parts: ImageStoreParts;
  readonly #entries = new Map<string, Entry>();
  /** One image is unpacked after the other, so that each knows how much room there is. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: ImageStoreParts) {
    this.#parts = parts;
    const { folder, log } = parts;
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const entry = readEntry(join(folder, name));
      if (entry !== undefined && nameOf(entry.digest) === name) {
        this.#entries.set(entry.digest, entry);
        continue;
      }
      log.warn({ name }, "removing what is left of an image that was not unpacked to its end");
      try {
        removeTreeSync(join(folder, name));
      } catch (cause) {
        // It takes room and harms nobody; the agent must start.
        log.warn({ name, reason: reasonOf(cause) }, "what is left of an image cannot be removed");
      }
    }
  }

  /** Digests of all images that are here. */
  get digests(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** An image that is here. */
  get(digest: string): UnpackedImage | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    return { digest, root: join(this.#pathOf(digest), "root"), config: entry.config };
  }

  /**
   * The image, unpacked now if it is not here or its file has changed. Who asks at the same time
   * waits for the same one. `hold` is told the digest before anybody may remove it.
   * @throws IMAGE_INVALID, IMAGE_DIGEST, IMAGE_ESCAPES, IMAGE_NO_ROOM
   */
  take(image: FoundImage, hold: (digest: string) => void): Promise<UnpackedImage> {
    const taken = this.#queue.then(async () => {
      const unpacked = await this.#take(image);
      hold(unpacked.digest);
      return unpacked;
    });
    this.#queue = taken.catch(() => {});
    return taken;
  }

  async #take(image: FoundImage): Promise<UnpackedImage> {
    const source = sourceOf(image);
    const known = [...this.#entries.values()].find((entry) => entry.source === source);
    const digest = known?.digest ?? (await this.#unpack(image, source));
    const wanted = image.digest;
    if (known !== undefined && wanted !== undefined && wanted !== digest) {
      throw errors.IMAGE_DIGEST(image.name, "it", wanted, digest);
    }
    const unpacked = this.get(digest);
    if (unpacked === undefined) throw new Error("an image that was unpacked is not there");
    this.#touch(digest);
    return unpacked;
  }

  async #unpack(image: FoundImage, source: string): Promise<string> {
    const { folder, cacheSize, log } = this.#parts;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const aside = freshFolder(join(folder, `.new-${randomUUID()}`));
    const held = [...this.#parts.inUse()].map((digest) => this.#entries.get(digest)?.bytes ?? 0);
    const room = cacheSize - held.reduce((sum, bytes) => sum + bytes, 0);
    const budget = { bytes: room };
    try {
      const made = await build(image, aside, budget);
      if (!this.#entries.has(made.digest)) {
        const entry = { ...made, source };
        await writeFile(join(aside, "image.json"), JSON.stringify(entry));
        for (const rest of ["outer", "layer"]) await removeTree(join(aside, rest));
        await removeTree(this.#pathOf(made.digest));
        await rename(aside, this.#pathOf(made.digest));
        this.#entries.set(made.digest, entry);
        log.info({ image: image.name, digest: made.digest, bytes: made.bytes }, "image unpacked");
      }
      await this.collect(made.digest);
      return made.digest;
    } catch (thrown) {
      if (thrown instanceof TepuiError) throw thrown;
      const { code, message } = thrown as NodeJS.ErrnoException;
      throw code === "ENOSPC"
        ? errors.IMAGE_NO_ROOM(image.name, "the disk is full")
        : errors.IMAGE_INVALID(image.name, message);
    } finally {
      await removeTree(aside);
    }
  }

  /**
   * Removes images that no container is in: those that none was in for long, and the least recently
   * used until the rest fits.
   */
  async collect(fresh?: string): Promise<void> {
    const { cacheSize, gcDelayMs, clock, inUse } = this.#parts;
    const used = inUse();
    const all = [...this.#entries.values()].map((entry) => ({
      ...entry,
      usedMs: statSync(this.#pathOf(entry.digest), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }));
    let bytes = all.reduce((sum, entry) => sum + entry.bytes, 0);
    for (const entry of all.sort((a, b) => a.usedMs - b.usedMs)) {
      const { digest, usedMs } = entry;
      if (used.has(digest) || digest === fresh) continue;
      if (clock.nowMs() - usedMs < gcDelayMs && bytes <= cacheSize) continue;
      bytes -= entry.bytes;
      await this.#remove(digest);
    }
  }

  /** Removes all images that no container is in, but for these. */
  prune(kept: readonly FoundImage[]): Promise<void> {
    // Not between an image being taken and held.
    const pruned = this.#queue.then(async () => {
      const sources = new Set(kept.map(sourceOf));
      const used = this.#parts.inUse();
      for (const { digest, source } of [...this.#entries.values()]) {
        if (!used.has(digest) && !sources.has(source)) await this.#remove(digest);
      }
    });
    this.#queue = pruned.catch(() => {});
    return pruned;
  }

  async #remove(digest: string): Promise<void> {
    this.#entries.delete(digest);
    await removeTree(this.#pathOf(digest));
    this.#parts.log.info({ digest }, "an image that nobody uses was removed");
  }

  #touch(digest: string): void {
    const seconds = this.#parts.clock.nowMs() / 1_000;
    utimesSync(this.#pathOf(digest), seconds, seconds);
  }

  #pathOf(digest: string): string {
    return join(this.#parts.folder, nameOf(digest));
  }
}

function nameOf(digest: string): string {
  return digest.replace(":", "-");
}

function readEntry(folder: string): Entry | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "image.json"), "utf8")) as Entry;
  } catch {
    return undefined;
  }
}

/** Changes when the file does; the tag is part of it, since a tarball may hold many images. */
function sourceOf({ path, isFolder, tag = "" }: FoundImage): string {
  const { size, mtimeMs, ctimeMs, ino } = statSync(isFolder ? join(path, "index.json") : path);
  return JSON.stringify([path, tag, size, mtimeMs, ctimeMs, ino]);
}

/** Unpacks an image below a folder: its files are in `root` then. */
async function build(
  image: FoundImage,
  folder: string,
  budget: { bytes: number },
): Promise<Omit<Entry, "source">> {
  const { name, path, isFolder } = image;
  const root = freshFolder(join(folder, "root"), 0o755);
  const room = budget.bytes;
  if (!isFolder) {
    // What a tarball is shows only inside it; the layers in it are counted on their own.
    const outer = freshFolder(join(folder, "outer"), 0o755);
    const whole = { bytes: room };
    await untar(path, outer, { name, budget: whole, keepsOwners: true });
    const isLayout =
      existsSync(join(outer, "oci-layout")) || existsSync(join(outer, "manifest.json"));
    if (!isLayout) return await plainRoot(image, outer, root, room - whole.bytes);
  }
  const opened = await openLayout(isFolder ? path : join(folder, "outer"), image);
  if (opened === undefined) throw errors.IMAGE_INVALID(name, "it holds no image");
  for (const { path: archive, diffId } of opened.layers) {
    const layer = freshFolder(join(folder, "layer"), 0o755);
    const found = await untar(archive, layer, { name, budget, keepsOwners: true });
    if (diffId !== undefined && found !== diffId) {
      throw errors.IMAGE_DIGEST(name, "an unpacked layer", diffId, found);
    }
    putLayer(layer, root, name);
  }
  return { digest: opened.digest, bytes: room - budget.bytes, config: opened.config };
}

/** A tarball that is the root filesystem itself. */
async function plainRoot(
  { name, path, digest: wanted }: FoundImage,
  outer: string,
  root: string,
  bytes: number,
): Promise<Omit<Entry, "source">> {
  const digest = await digestOf(path);
  if (wanted !== undefined && wanted !== digest) {
    throw errors.IMAGE_DIGEST(name, "it", wanted, digest);
  }
  await removeTree(root);
  await rename(outer, root);
  return { digest, bytes, config: {} };
}
