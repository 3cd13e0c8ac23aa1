import { PolicyFault } from "../../kernel/allocation/faults.ts";
import { type StartedGuest, startGuest } from "../../kernel/allocation/guest.ts";
import { Slot } from "../../kernel/allocation/slots.ts";
import { LARGEST_SIZES, type TableSizes } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Broken, type Rule } from "../rule.ts";
import {
  type AllocatorSubject,
  admitted,
  brokenBy,
  CALL_DEADLINE_MS,
  faultless,
  instanceFor,
} from "./subject.ts";

/** Room for the program that is asked for; none of these instances is given one. */
const PROGRAM_BYTES = 64 << 10;

/** How a policy comes into being. */
export const startingRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "the module is one that the ABI admits: marker, exports, no imports, a bounded memory",
    async run(subject, note) {
      const { digest } = admitted(subject);
      note(`${subject.plugin.bytes.length} bytes, sha256 ${digest.slice(0, 12)}…`);
    },
  },
  {
    name: "it starts and lays out its columns at the sizes of a new master",
    async run(subject) {
      instanceFor(subject, new AllocationTables());
    },
  },
  {
    name: "it starts and lays out its columns at the largest sizes there are",
    async run(subject) {
      instanceFor(subject, new AllocationTables(LARGEST_SIZES));
    },
  },
  {
    name: "init answers, and does not trap, when its memory is too small for the sizes",
    async run(subject) {
      for (const times of [2, 16]) {
        try {
          started(subject, multiplied(LARGEST_SIZES, times));
        } catch (thrown) {
          if (thrown instanceof PolicyFault && thrown.code === "POLICY_REFUSED") continue;
          throw brokenBy(thrown);
        }
        throw new Broken("it says that tables fit which are larger than its memory");
      }
    },
  },
  {
    name: "slots without a meaning are left alone",
    async run(subject) {
      const { header } = faultless(() => started(subject, new AllocationTables().sizes));
      const known = new Set<number>(Object.values(Slot));
      const used = Array.from(header.keys()).filter((slot) => !known.has(slot) && header[slot]);
      if (used.length === 0) return;
      throw new Broken(`it wrote to slot ${used.join(", ")}, which later versions may give a use`);
    },
  },
];

/** The guest alone, as it is after `init`. @throws PolicyFault */
function started(subject: AllocatorSubject, sizes: TableSizes): StartedGuest {
  return startGuest(admitted(subject), sizes, CALL_DEADLINE_MS, PROGRAM_BYTES);
}

function multiplied(sizes: TableSizes, times: number): TableSizes {
  const entries = Object.entries(sizes).map(([table, rows]) => [table, rows * times]);
  return Object.fromEntries(entries) as unknown as TableSizes;
}
