import { type Parsed, parsed, unparsed } from "../parsed.ts";
import type { Attribute } from "../schema/resource.ts";
import { nameProblem } from "./validate.ts";
import * as value from "./values.ts";

/**
 * Reads the value of `--attributes` (F8, P2): `rack:abc;n:3;r:[1-5]`. Each entry is cut at its
 * first ":", so texts may hold more of them. Order is kept, and a name may occur twice.
 */
export function parseAttributes(text: string): Parsed<readonly Attribute[]> {
  const attributes: Attribute[] = [];
  for (const entry of value.splitPieces({ text, at: 0 }, ";")) {
    if (entry.text === "") continue;
    const colon = entry.text.indexOf(":");
    if (colon < 0) return unparsed(entry.at, `"${entry.text}" has no ":", as in rack:abc`);
    const name = entry.text.slice(0, colon).trimEnd();
    const problem = nameProblem(name);
    if (problem !== undefined) return unparsed(entry.at, problem);
    const attribute = parseValue(
      name,
      value.trimPiece(entry.text.slice(colon + 1), entry.at + colon + 1),
    );
    if (!attribute.ok) return attribute;
    attributes.push(attribute.value);
  }
  return parsed(attributes);
}

function parseValue(name: string, piece: value.Piece): Parsed<Attribute> {
  const { text, at } = piece;
  if (text === "") return unparsed(at, `the attribute ${name} has no value`);
  if (text.startsWith("{")) return unparsed(at, `${name}: attributes cannot be sets`);
  if (text.startsWith("[")) {
    const ranges = value.parseRanges(piece);
    return ranges.ok ? parsed({ name, ranges: ranges.value }) : ranges;
  }
  if (!value.isDecimal(text)) return parsed({ name, text });
  const scalar = value.parseMilli(piece);
  return scalar.ok ? parsed({ name, scalar: scalar.value }) : scalar;
}

/** Writes attributes the way `parseAttributes` reads them. */
export function printAttributes(attributes: readonly Attribute[]): string {
  return attributes.map((one) => `${one.name}:${printAttributeValue(one)}`).join(";");
}

/** The value of an attribute as a text. */
export function printAttributeValue(attribute: Attribute): string {
  if (attribute.scalar !== undefined) return value.printMilli(attribute.scalar);
  if (attribute.ranges !== undefined) return value.printRanges(attribute.ranges);
  return attribute.text ?? "";
}
