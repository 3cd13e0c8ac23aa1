import type { PolicyCompanion } from "../../contract/ports/policy-companion.ts";
import { type AdmittedPolicy, admitPolicy } from "../../kernel/allocation/admission.ts";
import { PolicyFault, type PolicyFaultCode } from "../../kernel/allocation/faults.ts";
import type { Policy, RoundInput } from "../../kernel/allocation/policy.ts";
import { ReferenceDrf } from "../../kernel/allocation/reference-drf.ts";
import type { Decider } from "../../kernel/allocation/round.ts";
import type { Supervised } from "../../kernel/allocation/supervisor.ts";
import { Verifier } from "../../kernel/allocation/verify.ts";
import { WasmPolicy, type WasmPolicyOptions } from "../../kernel/allocation/wasm-policy.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";
import type {
  InstanceRecord,
  ParametersRecord,
  PolicyRecord,
  ProgramRecord,
  RoundRecord,
} from "../../kernel/io/journal/records.ts";

/** A replay may run on a slower machine than the master did; endless loops still end. */
const DEADLINE_MS = 120_000;

/** Faults that come from what a policy does, and come again. Others hang on the clock. */
const repeatable: ReadonlySet<PolicyFaultCode> = new Set([
  "POLICY_TRAP",
  "POLICY_BAD_ROW",
  "POLICY_BAD_COUNT",
]);

/** Finds the module of a policy that the journal does not carry. */
export type FindModule = (digest: string) => Uint8Array | undefined;

/**
 * Decides as the journal says that the master's supervisor did: who runs is recorded, what they
 * decide is worked out again.
 */
export class ReplayDecider implements Decider {
  readonly #findModule: FindModule;
  readonly #missing: (name: string, digest: string) => Error;
  readonly #policies = new Map<string, AdmittedPolicy>();
  readonly #builtIn: Policy = new ReferenceDrf();
  readonly #verifier = new Verifier();
  #instance: WasmPolicy | undefined;
  #options: WasmPolicyOptions = { deadlineMs: DEADLINE_MS };
  #program: Uint8Array = new Uint8Array(0);
  /** In place of the policy's own: what it compiled is recorded. */
  readonly #companion: PolicyCompanion = {
    compiler: () => ({ compile: () => this.#program }),
  };
  #number = -1;
  #expected: RoundRecord | undefined;

  constructor(findModule: FindModule, missing: (name: string, digest: string) => Error) {
    this.#findModule = findModule;
    this.#missing = missing;
  }

  /** Takes a module that the journal carries. */
  take({ name, digest, bytes }: PolicyRecord): void {
    if (bytes !== undefined) this.#policies.set(digest, admitPolicy(name, bytes, digest));
  }

  /** An instance begins, as it did in the master. */
  start(record: InstanceRecord, tables: AllocationTables): void {
    const { instance, name, digest, params, hasProgram, restored } = record;
    const companion = hasProgram ? this.#companion : undefined;
    const options = { deadlineMs: DEADLINE_MS, params, companion };
    const policy = new WasmPolicy(this.#policy(name, digest), tables, options);
    // The last that it was offered is the one it took, or none was.
    restored.some((state) => policy.restore(state));
    this.#instance = policy;
    this.#options = options;
    this.#number = instance;
  }

  /** The instance has other parameters from now on. */
  configure({ params }: ParametersRecord): void {
    this.#options = { ...this.#options, params };
    this.#instance?.configure(this.#options);
  }

  /** The next round, or the instance that begins next, evaluates this program. */
  evaluate({ bytes }: ProgramRecord): void {
    this.#program = bytes;
  }

  /** Whether the next round is worked out, or its recorded outcome taken because it cannot be. */
  expect(round: RoundRecord): boolean {
    this.#expected = round;
    const { fault, instance } = round;
    // Without an instance, the fault was that none could be started.
    return fault === undefined || (instance >= 0 && repeatable.has(fault.code));
  }

  allocate(tables: AllocationTables, input: RoundInput): Supervised {
    const expected = this.#expected as RoundRecord;
    const { name: policyName, digest } = expected.policy;
    const { instance, fault } = expected;
    const who = { policy: policyName, digest, instance };
    if (fault !== undefined && !this.expect(expected)) {
      const taken = new PolicyFault(fault.code, "as recorded", withRow(fault.row));
      return { ...who, rows: undefined, fault: taken };
    }
    try {
      const policy = instance < 0 ? this.#builtIn : this.#running(expected, tables);
      const rows = policy.allocate(tables, input);
      this.#verifier.verify(tables, rows, input.offers);
      return { ...who, rows, fault: undefined };
    } catch (thrown) {
      if (!(thrown instanceof PolicyFault)) throw thrown;
      return { ...who, rows: undefined, fault: thrown };
    }
  }

  #running({ instance, policy }: RoundRecord, tables: AllocationTables): Policy {
    if (this.#number === instance && this.#instance?.fits(tables)) return this.#instance;
    throw new Error(`the journal does not say how instance ${instance} of ${policy.name} began`);
  }

  #policy(name: string, digest: string): AdmittedPolicy {
    const known = this.#policies.get(digest);
    if (known !== undefined) return known;
    const bytes = this.#findModule(digest);
    if (bytes === undefined) throw this.#missing(name, digest);
    const policy = admitPolicy(name, bytes, digest);
    this.#policies.set(digest, policy);
    return policy;
  }
}

function withRow(row: number | undefined): { row?: number } {
  return row === undefined ? {} : { row };
}
