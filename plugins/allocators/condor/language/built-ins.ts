/** A function of the language. */
export interface BuiltIn {
  /** As it is written in documents; case does not count in expressions. */
  readonly name: string;
  /** Its number in compiled code; the evaluator has the same. */
  readonly number: number;
  readonly least: number;
  readonly most: number;
  /** Position of an argument that is a list in braces, if one is. */
  readonly list?: number;
}

/** Most arguments of a function without a bound of its own, and most members of a list. */
export const ARGUMENTS_MAX = 32;

/** All functions but `ifThenElse`, which is the operator `? :` under another name. */
export const builtIns: readonly BuiltIn[] = [
  { name: "isUndefined", number: 0, least: 1, most: 1 },
  { name: "isError", number: 1, least: 1, most: 1 },
  { name: "isString", number: 2, least: 1, most: 1 },
  { name: "isInteger", number: 3, least: 1, most: 1 },
  { name: "isReal", number: 4, least: 1, most: 1 },
  { name: "isBoolean", number: 5, least: 1, most: 1 },
  { name: "int", number: 6, least: 1, most: 1 },
  { name: "real", number: 7, least: 1, most: 1 },
  { name: "floor", number: 8, least: 1, most: 1 },
  { name: "ceiling", number: 9, least: 1, most: 1 },
  { name: "round", number: 10, least: 1, most: 1 },
  { name: "min", number: 11, least: 1, most: ARGUMENTS_MAX },
  { name: "max", number: 12, least: 1, most: ARGUMENTS_MAX },
  { name: "member", number: 13, least: 2, most: 2, list: 1 },
  { name: "identicalMember", number: 14, least: 2, most: 2, list: 1 },
  { name: "strcat", number: 15, least: 1, most: ARGUMENTS_MAX },
  { name: "substr", number: 16, least: 2, most: 3 },
  { name: "strcmp", number: 17, least: 2, most: 2 },
  { name: "stricmp", number: 18, least: 2, most: 2 },
  { name: "toUpper", number: 19, least: 1, most: 1 },
  { name: "toLower", number: 20, least: 1, most: 1 },
  { name: "size", number: 21, least: 1, most: 1 },
  { name: "stringListMember", number: 22, least: 2, most: 3 },
  { name: "stringListIMember", number: 23, least: 2, most: 3 },
];

const byName = new Map(builtIns.map((one) => [one.name.toLowerCase(), one]));

/** A function by its name in small letters. */
export function builtInOf(name: string): BuiltIn | undefined {
  return byName.get(name);
}
