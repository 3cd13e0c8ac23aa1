// Turns of clients in a round, for policies whose order would have the first one take everything.
// In a turn a client is given one grant more than it was ever given before the round. So those that
// are new begin with one, and have twice as many from round to round, while others wait; whoever
// has been given much before is not held back.
import { Slot, double, placeF64, read, reserve, setWord, word } from "../abi";

let grantsBefore: usize = 0, given: usize = 0;
let areTaken = false;

/** Places the grants of clients, unless the tree has, and reserves those of the round. */
export function placeTurns(): void {
  grantsBefore = read(Slot.ClientAllocations);
  if (grantsBefore == 0) grantsBefore = placeF64(Slot.ClientAllocations, Slot.ClientsMax);
  given = reserve(read(Slot.ClientsMax) << 2);
}

/** Starts a round. Unless turns are `taken`, everybody is in its first one all the time. */
export function beginTurns(taken: bool): void {
  areTaken = taken;
  if (taken) memory.fill(given, 0, read(Slot.Clients) << 2);
}

/** Turns that a client has had in this round. */
export function turnOf(client: u32): f64 {
  if (!areTaken) return 0;
  return Math.floor(<f64>word(given, client) / (double(grantsBefore, client) + 1));
}

/** Notes a grant. */
// @ts-ignore: decorator
@inline export function noteTurn(client: u32): void {
  if (areTaken) setWord(given, client, word(given, client) + 1);
}
