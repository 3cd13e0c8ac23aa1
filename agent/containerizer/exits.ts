import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type KeeperExit, parseExit } from "./keeper.ts";

/** The folder in which keepers record how containers ended, one file each. */
export class ExitRecords {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Where the keeper looks for why a command could not be run, when its process has ended. */
  notePath(id: string): string {
    return join(this.folder, `${id}.failed`);
  }

  /** How a container ended, if that is known. */
  read(id: string): KeeperExit | undefined {
    try {
      return parseExit(readFileSync(join(this.folder, id), "utf8"));
    } catch {
      return undefined;
    }
  }

  /** Drops a record that has been taken into the checkpoint. */
  remove(id: string): void {
    rmSync(join(this.folder, id), { force: true });
  }

  /** Drops all records but those of `known`. */
  prune(known: ReadonlySet<string>): void {
    for (const name of readdirSync(this.folder)) {
      if (!known.has(name)) rmSync(join(this.folder, name), { force: true });
    }
  }
}
