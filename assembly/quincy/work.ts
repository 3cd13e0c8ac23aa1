// The work of a round, by which the step budget is kept: units of about a tenth of a microsecond.

let work: u64 = 0;

/** Starts a round with no work done. */
export function clearWork(): void { work = 0; }
// @ts-ignore: decorator
@inline export function workDone(): u64 { return work; }
// @ts-ignore: decorator
@inline export function countWork(units: u32): void { work += units; }
