// The evaluator: a stack machine over compiled expressions. Jumps go forward only, so an evaluation
// runs no more instructions than the code has; the companion has bounded the stack, and reckoned
// what bytes of strings are read at most.
import { double, reserve } from "../abi";
import { agentCell } from "./ads";
import { call } from "./functions";
import { operate } from "./operators";
import { program } from "./program";
import { askSet } from "./sets";
import { beginStrings } from "./strings";
import {
  CELL, Tag, Truth, copyCell, isNumber, numberOf, setBoolean, setInteger, setReal, setString,
  setTag, setTruth, tagOf, textOf, truthOf,
} from "./values";

/** Instructions; plugins/allocators/condor/program/code.ts has the same numbers. */
const enum Op {
  END = 0, UNDEFINED = 1, ERROR = 2, TRUE = 3, FALSE = 4, INTEGER = 5, REAL = 6, STRING = 7,
  AGENT = 8, CLIENT = 9, FREE = 10, TOTAL = 11, NOT = 12, NEGATE = 13, PLUS = 14, BINARY = 15,
  AND = 28, AND_JOIN = 29, OR = 30, OR_JOIN = 31, CHOOSE = 32, JUMP = 33, DEFAULT = 34, CALL = 35,
  IN_SET = 36,
}

/** Values on the stack at most, which the companion keeps to. */
// @ts-ignore: decorator
@inline const STACK_MAX: u32 = 128;

let stack: usize = 0;
/** What is asked for while an expression is evaluated: a client's values, and two vectors. */
let clientValues: usize = 0, free: usize = 0, total: usize = 0;

export function placeMachine(): void { stack = reserve(<u32>CELL * (STACK_MAX + 1)); }

/** Values of the client whose turn it is; 0 when it has none. */
export function useClient(values: usize): void { clientValues = values; }

/** What the client may have of the agent, and all that the agent has. */
export function useAmounts(mayHave: usize, all: usize): void {
  free = mayHave;
  total = all;
}

/** Is the condition true? An address of 0 is no condition. */
export function isMet(code: usize): bool {
  return code == 0 || truthOf(evaluate(code)) == Truth.TRUE;
}

/** The value as a rank: numbers as they are, true is 1, all else 0. */
export function rankBy(code: usize): f64 {
  if (code == 0) return 0;
  const cell = evaluate(code), tag = tagOf(cell);
  return isNumber(tag) || tag == Tag.BOOLEAN ? numberOf(cell) : 0;
}

/** Evaluates code; the cell of the result is good until the next evaluation. */
export function evaluate(code: usize): usize {
  beginStrings();
  let at = code, top = stack;
  while (true) {
    const op: i32 = load<u8>(at);
    at += 1;
    if (op == Op.END) return top;
    if (op < Op.NOT) {
      top += CELL;
      at = push(op, at, top);
    } else if (op < Op.BINARY) unary(op, top);
    else if (op < Op.AND) {
      top -= CELL;
      operate(op - Op.BINARY, top, top + CELL);
    } else if (op == Op.CALL) {
      const count: u32 = load<u8>(at, 1);
      top -= <usize>count * CELL;
      top += CELL;
      call(load<u8>(at), top, count);
      at += 2;
    } else if (op == Op.IN_SET) at = askSet(load<u8>(at), at + 1, top);
    else if (op == Op.AND_JOIN || op == Op.OR_JOIN) {
      top -= CELL;
      join(top, top + CELL, op == Op.AND_JOIN ? Truth.FALSE : Truth.TRUE);
    } else if (op == Op.CHOOSE) {
      const truth = truthOf(top);
      if (truth == Truth.TRUE) at += 4;
      else if (truth == Truth.FALSE) at = jump(at);
      else at = jump(at + 2);
      if (truth <= Truth.TRUE) top -= CELL;
      else setTruth(top, truth);
    } else if (op == Op.JUMP) at = jump(at);
    else if (op == Op.DEFAULT) {
      if (tagOf(top) != Tag.UNDEFINED) at = jump(at);
      else {
        top -= CELL;
        at += 2;
      }
    } else at = decidesAlone(top, op == Op.AND ? Truth.FALSE : Truth.TRUE) ? jump(at) : at + 2;
  }
}

// @ts-ignore: decorator
@inline function jump(at: usize): usize { return at + load<u16>(at); }

/** Puts a value into a cell; answers where the next instruction is. */
function push(op: i32, at: usize, cell: usize): usize {
  switch (op) {
    case Op.UNDEFINED: setTag(cell, Tag.UNDEFINED); return at;
    case Op.TRUE: setBoolean(cell, true); return at;
    case Op.FALSE: setBoolean(cell, false); return at;
    case Op.INTEGER: setInteger(cell, load<f64>(at)); return at + 8;
    case Op.REAL: setReal(cell, load<f64>(at)); return at + 8;
    case Op.STRING: {
      const length: u32 = load<u16>(at);
      setString(cell, at + 2, length);
      return at + 2 + length;
    }
    case Op.AGENT: copyCell(cell, agentCell(load<u16>(at))); return at + 2;
    case Op.CLIENT: pushClient(cell, load<u16>(at)); return at + 2;
    case Op.FREE: setReal(cell, double(free, load<u8>(at)) / 1000); return at + 1;
    case Op.TOTAL: setReal(cell, double(total, load<u8>(at)) / 1000); return at + 1;
  }
  setTag(cell, Tag.ERROR);
  return at;
}

/** A client's value is as the companion wrote it: strings say where in the program they are. */
function pushClient(cell: usize, index: u32): void {
  if (clientValues == 0) {
    setTag(cell, Tag.UNDEFINED);
    return;
  }
  copyCell(cell, clientValues + <usize>index * CELL);
  if (tagOf(cell) == Tag.STRING) store<u32>(cell, <u32>(program() + textOf(cell)), 8);
}

function unary(op: i32, cell: usize): void {
  if (op == Op.NOT) {
    const truth = truthOf(cell);
    setTruth(cell, truth <= Truth.TRUE ? <Truth>(1 - <i32>truth) : truth);
    return;
  }
  const tag = tagOf(cell);
  if (tag == Tag.UNDEFINED || tag == Tag.ERROR) return;
  if (!isNumber(tag)) setTag(cell, Tag.ERROR);
  else if (op == Op.NEGATE) store<f64>(cell, -numberOf(cell), 8);
}

/**
 * Does the left operand settle it? `deciding` is FALSE for `&&` and TRUE for `||`; an error on the
 * left is the result in any case.
 */
function decidesAlone(cell: usize, deciding: Truth): bool {
  const truth = truthOf(cell);
  setTruth(cell, truth);
  return truth == deciding || truth == Truth.ERROR;
}

/** Combines what did not settle it on the left, so is neutral or undefined, with the right. */
function join(left: usize, right: usize, deciding: Truth): void {
  const truth = truthOf(right);
  const neutral = tagOf(left) != Tag.UNDEFINED;
  if (neutral || truth == deciding || truth == Truth.ERROR) setTruth(left, truth);
  else setTag(left, Tag.UNDEFINED);
}
