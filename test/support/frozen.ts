/** Freezes data to its leaves, so that changing any of it in place throws. Returns it. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (value instanceof Map) for (const pair of value) frozen(pair);
  else if (value instanceof Set) for (const each of value) frozen(each);
  else for (const each of Object.values(value)) frozen(each);
  return value;
}
