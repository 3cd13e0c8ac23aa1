import { withDeadline } from "../../kernel/allocation/deadline.ts";
import { ABI_MINOR, Answer, HEADER_SLOTS, Slot } from "../../kernel/allocation/slots.ts";
import { type WasmMemory, wasm } from "../../kernel/allocation/webassembly.ts";
import { LARGEST_SIZES, type TableSizes } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Broken, type Rule } from "../rule.ts";
import {
  type AllocatorSubject,
  admitted,
  CALL_DEADLINE_MS,
  faultless,
  instanceFor,
} from "./subject.ts";

/** What is called here of a policy's exports. */
interface Guest {
  readonly memory: WasmMemory;
  header(): number;
  init(): number;
}

/** How a policy comes into being. */
export const startingRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "the module is one that the ABI admits: marker, exports, no imports, a fixed memory",
    async run(subject, note) {
      const { digest } = admitted(subject);
      note(`${subject.bytes.length} bytes, sha256 ${digest.slice(0, 12)}…`);
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
      const { answer } = initialised(subject, timesSixteen(LARGEST_SIZES));
      if (answer !== Answer.OK) return;
      throw new Broken("it says that tables fit which are larger than its memory");
    },
  },
  {
    name: "slots without a meaning are left alone",
    async run(subject) {
      const { header } = initialised(subject, new AllocationTables().sizes);
      const known = new Set<number>(Object.values(Slot));
      const used = Array.from(header.keys()).filter((slot) => !known.has(slot) && header[slot]);
      if (used.length === 0) return;
      throw new Broken(`it wrote to slot ${used.join(", ")}, which later versions may give a use`);
    },
  },
];

/** Instantiates and initialises by hand, to look at what a running policy hides. */
function initialised(
  subject: AllocatorSubject,
  sizes: TableSizes,
): { readonly answer: number; readonly header: Uint32Array } {
  const { module } = admitted(subject);
  return faultless(() =>
    withDeadline(CALL_DEADLINE_MS, () => {
      const guest = new wasm.Instance(module, {}).exports as unknown as Guest;
      const header = new Uint32Array(guest.memory.buffer, guest.header(), HEADER_SLOTS);
      writeSizes(header, sizes);
      return { answer: guest.init(), header };
    }),
  );
}

function writeSizes(header: Uint32Array, sizes: TableSizes): void {
  header[Slot.HostMinor] = ABI_MINOR;
  header[Slot.AgentsMax] = sizes.agents;
  header[Slot.ClientsMax] = sizes.clients;
  header[Slot.RolesMax] = sizes.roles;
  header[Slot.ReservationsMax] = sizes.reservations;
  header[Slot.AttributesMax] = sizes.attributes;
  header[Slot.AlternativesMax] = sizes.alternatives;
  header[Slot.DecisionsMax] = sizes.agents + 1024;
  header[Slot.ParamsMax] = 64;
  header[Slot.ProgramBytesMax] = 64 << 10;
}

function timesSixteen(sizes: TableSizes): TableSizes {
  const entries = Object.entries(sizes).map(([table, rows]) => [table, rows * 16]);
  return Object.fromEntries(entries) as unknown as TableSizes;
}
