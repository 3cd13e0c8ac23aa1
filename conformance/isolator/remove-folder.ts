import { rmSync } from "node:fs";

const ATTEMPTS = 250;
const PAUSE_MS = 20;

/**
 * Removes a folder that a keeper may still be writing to: it notes how the last of its processes
 * ended, and what comes between the listing of a folder and its removal makes that fail.
 */
export async function removeFolder(folder: string): Promise<void> {
  for (let left = ATTEMPTS; ; left--) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (thrown) {
      if (left === 0) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
