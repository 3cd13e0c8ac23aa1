// Does as `fifo` does until a round, and from then on something that it must not: a policy that was
// good when it was promoted.
import {
  ClientFlag, DecisionFlag, Slot, double, read, setWord, word, write,
} from "../abi";
import { allocate as allocateWell, init as initWell } from "../policies/fifo";

export const allocator_abi_v1: u32 = 0;
export const state_schema: u32 = 1;

// Parameters, by index, behind those of fifo.
// @ts-ignore: decorator
@inline const FAULT: u32 = 2;
// @ts-ignore: decorator
@inline const FROM_ROUND: u32 = 3;
// @ts-ignore: decorator
@inline const TO_ROUND: u32 = 4;

const enum Fault { NONE, TRAP, LOOP, TWICE, FILTERED, MISSING, GROW }

export { header, restore } from "../policies/fifo";

export function init(): i32 { return initWell(); }

export function allocate(): i32 {
  const count = allocateWell(), params = read(Slot.ParamValues), round = read(Slot.RoundLow);
  if (round < <u32>double(params, FROM_ROUND) || round > <u32>double(params, TO_ROUND)) {
    return count;
  }
  switch (<Fault>(<u32>double(params, FAULT))) {
    case Fault.TRAP: unreachable();
    case Fault.LOOP: while (true) write(Slot.Note, read(Slot.Note) + 1);
    case Fault.TWICE:
      if (count == 0) return 0;
      return also(count, word(read(Slot.DecisionAgent), 0), word(read(Slot.DecisionClient), 0));
    case Fault.FILTERED: return alsoFiltered(count);
    case Fault.MISSING: return also(count, read(Slot.Agents), 0);
    case Fault.GROW: memory.grow(1);
  }
  return count;
}

/** One more row than there should be. */
function also(count: i32, agent: u32, client: u32): i32 {
  setWord(read(Slot.DecisionAgent), count, agent);
  setWord(read(Slot.DecisionClient), count, client);
  setWord(read(Slot.DecisionFlags), count, DecisionFlag.WHOLE);
  return count + 1;
}

/** One more row, of the first pair that a filter keeps apart; none while there is no filter. */
function alsoFiltered(count: i32): i32 {
  const bits = read(Slot.Filtered), words = read(Slot.ClientsMax) >> 5;
  const ready = ClientFlag.PRESENT | ClientFlag.ACTIVE;
  for (let agent: u32 = 0; agent < read(Slot.Agents); agent++) {
    for (let client: u32 = 0; client < read(Slot.Clients); client++) {
      const flags = word(read(Slot.ClientFlags), client);
      if ((flags & (ready | ClientFlag.SUPPRESSED)) != ready) continue;
      if (!(word(bits, agent * words + (client >> 5)) & (1 << (client & 31)))) continue;
      return also(count, agent, client);
    }
  }
  return count;
}
