import { resolve } from "node:path";
import type { MasterConfig } from "../../../contract/config/master.ts";
import type { LoopParts } from "../loop.ts";
import type { RoundsListener } from "../rounds.ts";
import { realDisk } from "./disk.ts";
import { Journal, type JournalParts } from "./journal.ts";

/**
 * Adds to the parts of a loop that every input is written down, and every turn waits for that, if
 * there is a journal.
 */
export function recorded(parts: LoopParts, journal: Journal | undefined): LoopParts {
  if (journal === undefined) return parts;
  return {
    ...parts,
    step: (input, nowMs, out) => {
      // Written down first: should the core fail at it, it is the last thing in the journal.
      if (input.type !== "offers-decided") journal.input(input);
      parts.step(input, nowMs, out);
    },
    commit: (nowMs, release) => journal.commit(nowMs, release),
  };
}

/** Writes down who decides, and what was decided. */
export function roundsRecorder(journal: Journal): RoundsListener {
  /** The newest instance that evaluates programs; an empty one is a program too. */
  let evaluator: number | undefined;
  return {
    started: ({ number, instance, spec: { policy, options }, restored }) => {
      const { name, digest, bytes } = policy;
      const { params = [], companion } = options;
      const hasProgram = companion !== undefined;
      if (hasProgram) {
        journal.program(instance.program);
        evaluator = number;
      }
      const about = { name, digest, bytes, params, hasProgram, restored };
      journal.instance({ instance: number, ...about });
    },
    configured: (params) => journal.parameters(params),
    touchedAll: () => journal.touchedAll(),
    decided: (decided, decisions, program) => {
      const { round, instance, policy: name, digest, more, lookAgain, looked, fault } = decided;
      if (program !== undefined && instance === evaluator) journal.program(program);
      journal.round({
        round,
        instance,
        policy: { name, digest },
        decisions,
        more,
        lookAgain,
        looked,
        fault: fault && { code: fault.code, row: fault.row },
      });
    },
  };
}

/** The journal that a master's config asks for, not open yet; none when it asks for none. */
export function configuredJournal(
  { dataDir, journal: config }: MasterConfig,
  parts: Omit<JournalParts, "disk" | "folder" | "segmentBytes" | "segmentsMax" | "carriesPolicies">,
): Journal | undefined {
  if (!config.enabled) return undefined;
  return new Journal({
    ...parts,
    disk: realDisk,
    folder: resolve(dataDir, config.path),
    segmentBytes: config.segmentSize,
    segmentsMax: config.segments,
    carriesPolicies: config.policies,
  });
}
