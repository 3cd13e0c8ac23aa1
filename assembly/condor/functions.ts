// The functions of the language. Arguments are in consecutive cells, the result replaces the first.
import { equal, identical } from "./operators";
import { changeCase, compareStrings, cutString, isListed, joinStrings } from "./strings";
import {
  CELL, Tag, isNumber, isNumeric, lengthOf, numberOf, setBoolean, setInteger, setReal, setTag,
  tagOf, textOf,
} from "./values";

/** As they are numbered in code. */
const enum BuiltIn {
  IS_UNDEFINED, IS_ERROR, IS_STRING, IS_INTEGER, IS_REAL, IS_BOOLEAN, INT, REAL, FLOOR, CEILING,
  ROUND, MIN, MAX, MEMBER, IDENTICAL_MEMBER, STRCAT, SUBSTR, STRCMP, STRICMP, TO_UPPER, TO_LOWER,
  SIZE, STRING_LIST_MEMBER, STRING_LIST_I_MEMBER,
}

/** Comma and space. */
const PARTING: usize = memory.data<u8>([44, 32]);

export function call(callee: i32, args: usize, count: u32): void {
  if (callee < BuiltIn.INT) {
    setBoolean(args, isOfType(callee, tagOf(args)));
    return;
  }
  if (callee == BuiltIn.MIN || callee == BuiltIn.MAX) {
    extreme(args, count, callee == BuiltIn.MAX);
    return;
  }
  if (callee == BuiltIn.IDENTICAL_MEMBER || callee == BuiltIn.MEMBER) {
    member(args, count, callee == BuiltIn.IDENTICAL_MEMBER);
    return;
  }
  if (isDecidedBy(args, count)) return;
  if (callee <= BuiltIn.ROUND) toNumber(callee, args);
  else onStrings(callee, args, count);
}

function isOfType(callee: BuiltIn, tag: Tag): bool {
  switch (callee) {
    case BuiltIn.IS_UNDEFINED: return tag == Tag.UNDEFINED;
    case BuiltIn.IS_ERROR: return tag == Tag.ERROR;
    case BuiltIn.IS_STRING: return tag == Tag.STRING;
    case BuiltIn.IS_INTEGER: return tag == Tag.INTEGER;
    case BuiltIn.IS_REAL: return tag == Tag.REAL;
  }
  return tag == Tag.BOOLEAN;
}

/** With an error or something undefined among the arguments, that is the result. */
function isDecidedBy(args: usize, count: u32): bool {
  let undefinedOnes: u32 = 0;
  for (let n: u32 = 0; n < count; n++) {
    const tag = tagOf(args + <usize>n * CELL);
    if (tag == Tag.ERROR) {
      setTag(args, Tag.ERROR);
      return true;
    }
    if (tag == Tag.UNDEFINED) undefinedOnes += 1;
  }
  if (undefinedOnes == 0) return false;
  setTag(args, Tag.UNDEFINED);
  return true;
}

/** What is undefined does not count; without any number the result is undefined. */
function extreme(args: usize, count: u32, greatest: bool): void {
  let best: f64 = 0, found: u32 = 0, anyReal = false;
  for (let n: u32 = 0; n < count; n++) {
    const cell = args + <usize>n * CELL, tag = tagOf(cell);
    if (tag == Tag.UNDEFINED) continue;
    if (!isNumber(tag)) {
      setTag(args, Tag.ERROR);
      return;
    }
    const value = numberOf(cell);
    if (found == 0 || (greatest ? value > best : value < best)) best = value;
    if (tag == Tag.REAL) anyReal = true;
    found += 1;
  }
  if (found == 0) setTag(args, Tag.UNDEFINED);
  else if (anyReal) setReal(args, best);
  else setInteger(args, best);
}

/** Is the first argument one of the others? */
function member(args: usize, count: u32, toTheLetter: bool): void {
  if (!toTheLetter && isDecidedBy(args, 1)) return;
  for (let n: u32 = 1; n < count; n++) {
    const cell = args + <usize>n * CELL;
    if (toTheLetter ? identical(args, cell) : equal(args, cell)) {
      setBoolean(args, true);
      return;
    }
  }
  setBoolean(args, false);
}

function toNumber(callee: BuiltIn, cell: usize): void {
  if (!isNumeric(tagOf(cell))) {
    setTag(cell, Tag.ERROR);
    return;
  }
  const value = numberOf(cell);
  switch (callee) {
    case BuiltIn.INT: setInteger(cell, trunc<f64>(value)); return;
    case BuiltIn.REAL: setReal(cell, value); return;
    case BuiltIn.FLOOR: setInteger(cell, floor<f64>(value)); return;
    case BuiltIn.CEILING: setInteger(cell, ceil<f64>(value)); return;
  }
  // To the even one of two that are as near.
  setInteger(cell, nearest<f64>(value));
}

function onStrings(callee: BuiltIn, args: usize, count: u32): void {
  const strings: u32 = callee == BuiltIn.SUBSTR ? 1 : count;
  for (let n: u32 = 0; n < strings; n++) {
    if (tagOf(args + <usize>n * CELL) == Tag.STRING) continue;
    setTag(args, Tag.ERROR);
    return;
  }
  switch (callee) {
    case BuiltIn.STRCAT: joinStrings(args, count); return;
    case BuiltIn.SUBSTR: substring(args, count); return;
    case BuiltIn.STRCMP: setInteger(args, compareStrings(args, args + CELL, false)); return;
    case BuiltIn.STRICMP: setInteger(args, compareStrings(args, args + CELL, true)); return;
    case BuiltIn.TO_UPPER: changeCase(args, true); return;
    case BuiltIn.TO_LOWER: changeCase(args, false); return;
    case BuiltIn.SIZE: setInteger(args, lengthOf(args)); return;
  }
  const own = args + CELL * 2, folded = callee == BuiltIn.STRING_LIST_I_MEMBER;
  const parting = count == 3 ? textOf(own) : PARTING;
  const partingLength = count == 3 ? lengthOf(own) : 2;
  setBoolean(args, isListed(args, args + CELL, parting, partingLength, folded));
}

function substring(args: usize, count: u32): void {
  const offset = args + CELL, length = args + CELL * 2;
  if (tagOf(offset) != Tag.INTEGER || (count == 3 && tagOf(length) != Tag.INTEGER)) {
    setTag(args, Tag.ERROR);
    return;
  }
  cutString(args, numberOf(offset), count == 3 ? numberOf(length) : Infinity);
}
