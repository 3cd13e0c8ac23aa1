import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/**
 * Intermediate and final records are lines of two JSON texts with a tab between them: key, value.
 * JSON writes no raw tab or newline, so a line is always a record, and sorted lines have equal keys
 * side by side.
 */
export function recordLine(key: string, value: unknown): string {
  return `${JSON.stringify(key)}\t${JSON.stringify(value) ?? "null"}\n`;
}

/** A key for people: one that parts neither its line from the next nor itself from its value. */
export function shownKey(key: string): string {
  return key.replace(/[\\\t\n\r]/g, (char) => JSON.stringify(char).slice(1, -1));
}

/** Key as written, for comparing, and value as written, for parsing once it is needed. */
export interface RawRecord {
  readonly key: string;
  readonly value: string;
}

/** Key and value of a record line. */
export function parseRecord(line: string): RawRecord {
  const tab = line.indexOf("\t");
  return { key: line.slice(0, tab), value: line.slice(tab + 1) };
}

/** The partition that a key belongs to: FNV-1a of its UTF-16 units, so that all maps agree. */
export function partitionOf(key: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}

/** The records of a file, one after the other, with little of it in memory. */
export function* readRecords(file: string, bufferBytes = 256 << 10): Generator<RawRecord> {
  const fd = openSync(file, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const buffer = Buffer.allocUnsafe(bufferBytes);
    let rest = "";
    for (;;) {
      const got = readSync(fd, buffer, 0, bufferBytes, null);
      if (got === 0) break;
      const lines = (rest + decoder.write(buffer.subarray(0, got))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield parseRecord(line);
    }
    if (rest !== "") yield parseRecord(rest);
  } finally {
    closeSync(fd);
  }
}
