import { expect, test } from "vitest";
import { RotatedReader } from "../../cli/rotated-reader.ts";

/** An output in files that a writer rotates; the newest is the first. */
class RotatedOutput {
  readonly #files: { readonly fileId: string; text: string }[] = [];
  /** Called before each read, as writers are at any time. */
  beforeRead: () => void = () => {};

  rotate(text: string): void {
    this.#files.unshift({ fileId: `file of ${text}`, text });
  }

  /** Forgets all but the newest files. */
  keep(count: number): void {
    this.#files.length = Math.min(count, this.#files.length);
  }

  readonly read = async (name: string, offset: number) => {
    this.beforeRead();
    const file = this.#files[Number(name.split(".")[1] ?? 0)];
    if (file === undefined) return undefined;
    return { fileId: file.fileId, data: Buffer.from(file.text).subarray(offset), offset };
  };
}

async function all(reader: RotatedReader): Promise<string> {
  let text = "";
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
    text += Buffer.from(chunk).toString();
  }
  return text;
}

test("an output is read whole whenever it is rotated", async () => {
  const numbers = Array.from({ length: 30 }, (_, index) => `${index},`);
  for (let every = 1; every < 8; every++) {
    for (let first = 0; first < every; first++) {
      const output = new RotatedOutput();
      output.rotate("0,");
      let next = 1;
      let reads = first;
      output.beforeRead = () => {
        if (reads++ % every === 0 && next < 30) output.rotate(`${next++},`);
      };
      const reader = new RotatedReader("stdout", output.read);
      let text = "";
      while (next < 30) text += await all(reader);
      text += await all(reader);
      expect(text, `every ${every}th read from ${first} on`).toBe(numbers.join(""));
    }
  }
});

test("who was left behind goes on with the oldest that is kept", async () => {
  const output = new RotatedOutput();
  const reader = new RotatedReader("stdout", output.read);
  output.rotate("long ago,");
  expect(await all(reader)).toBe("long ago,");
  for (const text of ["a,", "b,", "c,"]) output.rotate(text);
  output.keep(2);
  expect(await all(reader)).toBe("b,c,");
});
