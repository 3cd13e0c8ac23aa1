// Operators with two operands that need the values of both. The result replaces the left one.
import { areEqual, compareStrings } from "./strings";
import {
  Tag, isNumeric, numberOf, setBoolean, setInteger, setReal, setTag, tagOf,
} from "./values";

/** As they are numbered in code, from 0. */
export const enum Operator {
  ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL,
  NOT_EQUAL, IDENTICAL, NOT_IDENTICAL,
}

export function operate(operator: Operator, left: usize, right: usize): void {
  if (operator >= Operator.IDENTICAL) {
    setBoolean(left, identical(left, right) == (operator == Operator.IDENTICAL));
    return;
  }
  const a = tagOf(left), b = tagOf(right);
  // Errors go before what is undefined, on whichever side they are.
  if (a == Tag.ERROR || b == Tag.ERROR) setTag(left, Tag.ERROR);
  else if (a == Tag.UNDEFINED || b == Tag.UNDEFINED) setTag(left, Tag.UNDEFINED);
  else if (operator >= Operator.LESS) compare(operator, left, right);
  else calculate(operator, left, right);
}

/** Of one type and equal; strings to the letter. */
export function identical(a: usize, b: usize): bool {
  const tag = tagOf(a);
  if (tag != tagOf(b)) return false;
  if (tag == Tag.STRING) return areEqual(a, b, false);
  return tag < Tag.BOOLEAN || numberOf(a) == numberOf(b);
}

/** Are they equal in the sense of `==`? Two values that cannot be compared are not. */
export function equal(a: usize, b: usize): bool {
  const x = tagOf(a), y = tagOf(b);
  if (x == Tag.STRING && y == Tag.STRING) return areEqual(a, b, true);
  return isNumeric(x) && isNumeric(y) && numberOf(a) == numberOf(b);
}

function compare(operator: Operator, left: usize, right: usize): void {
  const a = tagOf(left), b = tagOf(right);
  let order: i32 = 0;
  if (a == Tag.STRING && b == Tag.STRING) {
    // Any order will do for two that are not equal, where only that is asked.
    if (operator < Operator.EQUAL) order = compareStrings(left, right, true);
    else order = areEqual(left, right, true) ? 0 : 1;
  } else if (isNumeric(a) && isNumeric(b)) {
    const x = numberOf(left), y = numberOf(right);
    order = <i32>(x > y) - <i32>(x < y);
  } else {
    setTag(left, Tag.ERROR);
    return;
  }
  setBoolean(left, holds(operator, order));
}

function holds(operator: Operator, order: i32): bool {
  switch (operator) {
    case Operator.LESS: return order < 0;
    case Operator.LESS_EQUAL: return order <= 0;
    case Operator.GREATER: return order > 0;
    case Operator.GREATER_EQUAL: return order >= 0;
    case Operator.EQUAL: return order == 0;
  }
  return order != 0;
}

/** Booleans count as 0 and 1. Two whole numbers give a whole one. */
function calculate(operator: Operator, left: usize, right: usize): void {
  const a = tagOf(left), b = tagOf(right);
  if (!isNumeric(a) || !isNumeric(b)) {
    setTag(left, Tag.ERROR);
    return;
  }
  const x = numberOf(left), y = numberOf(right);
  if (a == Tag.REAL || b == Tag.REAL) calculateReal(operator, left, x, y);
  else calculateWhole(operator, left, x, y);
}

function calculateReal(operator: Operator, left: usize, x: f64, y: f64): void {
  switch (operator) {
    case Operator.ADD: setReal(left, x + y); return;
    case Operator.SUBTRACT: setReal(left, x - y); return;
    case Operator.MULTIPLY: setReal(left, x * y); return;
    // A quotient by zero is no number, and with that an error.
    case Operator.DIVIDE: setReal(left, x / y); return;
  }
  setTag(left, Tag.ERROR);
}

function calculateWhole(operator: Operator, left: usize, x: f64, y: f64): void {
  switch (operator) {
    case Operator.ADD: setInteger(left, x + y); return;
    case Operator.SUBTRACT: setInteger(left, x - y); return;
    case Operator.MULTIPLY: setInteger(left, x * y); return;
  }
  if (y == 0) {
    setTag(left, Tag.ERROR);
    return;
  }
  // As integers: the quotient of doubles may be rounded up to the next whole number.
  const divides = operator == Operator.DIVIDE;
  setInteger(left, <f64>(divides ? <i64>x / <i64>y : <i64>x % <i64>y));
}
