import type { Readable } from "node:stream";

/** Longest line that is taken; progress of a pull and events take some hundred bytes. */
const LINE_CHARS_MAX = 1 << 20;

/** Reads an answer of one JSON value a line, each as soon as it is there. */
export async function* jsonLines<T>(stream: Readable): AsyncGenerator<T> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const text of stream as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_CHARS_MAX) throw new Error("a line of the engine's answer is too long");
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as T;
}
