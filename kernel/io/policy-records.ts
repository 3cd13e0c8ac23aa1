import { compile } from "../../contract/check.ts";
import type { MasterConfig } from "../../contract/config/master.ts";
import { BytesSchema } from "../../contract/schema/basics.ts";
import { type Static, Type } from "../../contract/typebox.ts";
import type { RegistryEntry } from "../core/registry.ts";
import type { LoadedPolicy } from "./policy-shelf.ts";

const Config = Type.Record(Type.String(), Type.Unknown());

/** Where a policy came from, so that another master can get it too. */
const SourceSchema = Type.Union([
  Type.Object({ type: Type.Literal("configured") }),
  Type.Object({ type: Type.Literal("installed"), plugin: Type.String() }),
  Type.Object({ type: Type.Literal("sent"), manifest: Config, module: BytesSchema }),
]);
/** See `SourceSchema`. */
export type PolicySource = Static<typeof SourceSchema>;

/** A policy as the registry keeps it. */
const RecordSchema = Type.Object({
  /** The config file's own word on the policy when an operator overrode it. */
  base: Type.String(),
  name: Type.String(),
  digest: Type.String(),
  source: SourceSchema,
  /** As it was given, without defaults. */
  config: Config,
});
/** See `RecordSchema`. */
export type PolicyRecord = Static<typeof RecordSchema>;

/** Keys of the registry below which policies are kept. */
const LIVE = "policy/live";
const PREVIOUS = "policy/previous";
/** The config file's own policy, as operators have configured it, whether it is live or not. */
const CONFIGURED = "policy/configured";

const records = compile(RecordSchema, "policy record", "wire");

/** What the registry says of the policies. */
export interface RecordedPolicies {
  readonly live?: PolicyRecord;
  readonly previous?: PolicyRecord;
  readonly configured?: PolicyRecord;
  /**
   * There are records, and the config file has been edited since: its word is the last one.
   */
  readonly isOutdated: boolean;
}

/** The config's word on the policy as text: the same for the same settings in any order. */
export function baseOf(policy: MasterConfig["policy"]): string {
  return JSON.stringify(sorted(policy));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

/** Reads the records. One that cannot be read is as good as none. */
export function recordedPolicies(
  entries: readonly RegistryEntry[],
  base: string,
): RecordedPolicies {
  const read = (key: string): PolicyRecord | undefined => {
    const checked = records.check(entries.find((entry) => entry.key === key)?.value);
    return checked.ok ? checked.value : undefined;
  };
  const [live, configured] = [read(LIVE), read(CONFIGURED)];
  const previous = live && read(PREVIOUS);
  const isOutdated = [live, configured].some((one) => one !== undefined && one.base !== base);
  if (isOutdated) return { isOutdated };
  return {
    ...(live === undefined ? {} : { live }),
    ...(previous === undefined ? {} : { previous }),
    ...(configured === undefined ? {} : { configured }),
    isOutdated,
  };
}

/** What to write when operators have configured the config file's own policy. */
export function configuredEntries(configured: PolicyRecord | undefined): RegistryEntry[] {
  return [{ key: CONFIGURED, value: configured }];
}

/** What to write when another policy is live; without one, what there was is taken away. */
export function policyEntries(
  live: PolicyRecord | undefined,
  previous: PolicyRecord | undefined,
): RegistryEntry[] {
  return [
    { key: LIVE, value: live },
    { key: PREVIOUS, value: previous },
  ];
}

/** A loaded policy as a record. */
export function recordOf(loaded: LoadedPolicy | undefined, base: string): PolicyRecord | undefined {
  if (loaded === undefined) return undefined;
  const { plugin, source, given } = loaded;
  const { name, digest } = plugin;
  return { base, name, digest, source, config: { ...given } };
}
