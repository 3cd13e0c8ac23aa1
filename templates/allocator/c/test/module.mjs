import { readFile } from "node:fs/promises";

const file = new URL("../policy.wasm", import.meta.url);

/** A fresh instance of the policy: the exports of its module. It imports nothing. */
export async function instantiate() {
  const { instance } = await WebAssembly.instantiate(await readFile(file), {});
  return instance.exports;
}
