/** UTF-8 bytes of a text; a lone half of a pair counts as what it is replaced by. */
function textBytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // Both halves of a pair together have four bytes, and two units.
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(at + 1);
    if (next < 0xdc00 || next > 0xdfff) continue;
    at++;
  }
  return bytes;
}

function numberBytes(value: number): number {
  if (value >>> 0 === value) {
    if (value < 0x80) return 1;
    return value < 0x100 ? 2 : value < 0x1_0000 ? 3 : 5;
  }
  if (value >> 0 !== value) return 9;
  return value >= -0x20 ? 1 : value >= -0x80 ? 2 : value >= -0x8000 ? 3 : 5;
}

/** Bytes of a header whose count fits `small` in the shortest form, and then one, two or four. */
function countBytes(count: number, small: number, hasOne: boolean): number {
  if (count < small) return 1;
  if (hasOne && count < 0x100) return 2;
  return count < 0x1_0000 ? 3 : 5;
}

/**
 * How large a decoded value is on the wire (msgpack), in bytes, without encoding it: for bounds on
 * parts of a message, which has been checked as a whole already.
 */
export function encodedBytes(value: unknown): number {
  switch (typeof value) {
    case "string": {
      const bytes = textBytes(value);
      return countBytes(bytes, 0x20, true) + bytes;
    }
    case "number":
      return numberBytes(value);
    case "object":
      break;
    default:
      return 1;
  }
  if (value === null) return 1;
  if (value instanceof Uint8Array) {
    return countBytes(value.length, 0, true) + value.length;
  }
  if (Array.isArray(value)) {
    let bytes = countBytes(value.length, 0x10, false);
    for (const item of value) bytes += encodedBytes(item);
    return bytes;
  }
  let bytes = 0;
  let count = 0;
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    // Fields without a value do not travel.
    if (field === undefined) continue;
    count++;
    bytes += encodedBytes(key) + encodedBytes(field);
  }
  return countBytes(count, 0x10, false) + bytes;
}

/** Says that something of `bytes` is larger than it may be, and how large that is; or nothing. */
export function sizeProblem(what: string, bytes: number, bytesMax: number): string | undefined {
  if (bytes <= bytesMax) return undefined;
  return `${what} has ${bytes} bytes, and may have ${bytesMax}`;
}
