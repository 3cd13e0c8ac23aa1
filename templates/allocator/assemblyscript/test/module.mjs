import { readFile } from "node:fs/promises";
import loader from "@assemblyscript/loader";

const file = new URL("../build/debug.wasm", import.meta.url);

/**
 * A fresh instance of the debug build: the exports of its module. Unlike the release it has its
 * assertions, and imports what tells of them: the loader turns one that fails into an error with
 * its message and the line of the source.
 */
export async function instantiate() {
  const { exports } = await loader.instantiate(await readFile(file), {});
  return exports;
}
