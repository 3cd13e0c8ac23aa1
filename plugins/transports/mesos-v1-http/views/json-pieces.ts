/** JSON with nothing but ASCII in it (§3.3). */
export function jsonAscii(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text in the pieces in which it is made: between any two of them its maker can be left. */
export type Pieces = Iterable<string>;

/** An object of plain fields, followed by lists whose elements are made one by one. */
export function* objectPieces(
  fields: object,
  lists: Readonly<Record<string, Iterable<string | Pieces>>>,
): Generator<string> {
  const text = jsonAscii(fields);
  let comma = text === "{}" ? "" : ",";
  yield text.slice(0, -1);
  for (const [name, elements] of Object.entries(lists)) {
    yield `${comma}"${name}":[`;
    comma = ",";
    let between = "";
    for (const element of elements) {
      if (typeof element === "string") yield between + element;
      else {
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
