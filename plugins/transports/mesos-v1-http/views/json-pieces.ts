/** JSON with nothing but ASCII in it (§3.3). */
export function jsonAscii(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * A text in the pieces in which it is made: between any two of them its maker can be left. Those
 * that come as bytes nobody changes any more; all of them are ASCII.
 */
export type Pieces = Iterable<string | Uint8Array>;

/** Elements of a list that are at hand together: their text, with a comma before each of them. */
export class Elements {
  readonly bytes: Uint8Array;

  constructor(texts: readonly string[]) {
    this.bytes = Buffer.from(`,${texts.join(",")}`, "latin1");
  }
}

/**
 * An object of plain fields, followed by lists whose elements are made one by one; an empty text is
 * no element.
 */
export function* objectPieces(
  fields: object,
  lists: Readonly<Record<string, Iterable<string | Elements | Pieces>>>,
): Generator<string | Uint8Array> {
  const text = jsonAscii(fields);
  let comma = text === "{}" ? "" : ",";
  yield text.slice(0, -1);
  for (const [name, elements] of Object.entries(lists)) {
    yield `${comma}"${name}":[`;
    comma = ",";
    let between = "";
    for (const element of elements) {
      if (element === "") {
        yield "";
        continue;
      }
      if (typeof element === "string") yield between + element;
      else if (element instanceof Elements) {
        yield between === "" ? element.bytes.subarray(1) : element.bytes;
      } else {
        yield between;
        yield* element;
      }
      between = ",";
    }
    yield "]";
  }
  yield "}";
}

/** Makes each element when its turn comes. */
export function* each<T, R>(list: Iterable<T>, make: (one: T) => R): Generator<R> {
  for (const one of list) yield make(one);
}
