import { allocatorRules } from "../conformance/allocator/rules.ts";
import { coordinatorRules } from "../conformance/coordinator.ts";
import { isolatorRules } from "../conformance/isolator/rules.ts";
import type { Rule } from "../conformance/rule.ts";
import { type RunOptions, runRules, type Verdict } from "../conformance/run.ts";
import { transportRules } from "../conformance/transport/rules.ts";
import { setPatience } from "../conformance/until.ts";
import { errors } from "../contract/errors.ts";
import type { PluginManifest } from "../contract/ports/plugin.ts";
import { readManifest } from "../kernel/host/manifest.ts";
import { HostedPlugin } from "./hosted-plugin.ts";
import { policyPlugin } from "./policy-plugin.ts";

/** How a plugin is held to the rules of its port. */
export interface ConformOptions extends Omit<RunOptions, "deadlineMs"> {
  /** Folder of its plugin.json. */
  readonly folder: string;
  /** Its config; what is left out has the defaults of its schema. */
  readonly config: object;
  /** Of allocators: seed of the first random cluster, and clusters of each rule. */
  readonly seed: number;
  readonly clusters: number;
  /** Only rules whose names hold this text. */
  readonly only: string;
  /** Of isolators: without the `process` isolator, which an agent has before it by default. */
  readonly alone: boolean;
  /** Folders of built-in plugins. */
  readonly builtIn: readonly string[];
  /** Called once, with what is about to be tested. */
  readonly onBegin?: (manifest: PluginManifest, rules: number) => void;
}

/** What came of the rules. */
export interface Conformance {
  readonly manifest: PluginManifest;
  readonly verdicts: readonly Verdict[];
}

/** How long a rule waits for what a transport was given. */
const PATIENCE_MS = 20_000;

/** One rule may take long on a busy machine; what takes longer hangs. */
const RULE_DEADLINE_MS = 120_000;

/**
 * Runs the rules of its port against a plugin that has been built.
 * @throws PLUGIN_… when it cannot be admitted or started at all, PLUGIN_KIND_WRONG for a kind that
 * has no rules
 */
export function conformPlugin(options: ConformOptions): Promise<Conformance> {
  const manifest = readManifest(options.folder);
  switch (manifest.kind) {
    case "allocator":
      return conformAllocator(manifest, options);
    case "isolator":
      return hosted(manifest, options, isolatorRules, async (plugin) => ({
        make: () => plugin.isolator(),
        beside: options.alone ? [] : [await plugin.besideIsolator()],
      }));
    case "transport":
      // What a broken transport loses never comes; most rules wait for something.
      setPatience(PATIENCE_MS);
      return hosted(manifest, options, transportRules, (plugin) => plugin.makeTransport());
    case "coordinator":
      return hosted(
        manifest,
        options,
        coordinatorRules,
        async (plugin) => () => plugin.coordinator(),
      );
    default:
      throw errors.PLUGIN_KIND_WRONG(manifest.name, manifest.kind, [
        "allocator",
        "isolator",
        "transport",
        "coordinator",
      ]);
  }
}

async function conformAllocator(
  manifest: PluginManifest,
  options: ConformOptions,
): Promise<Conformance> {
  const { folder, config, seed, clusters } = options;
  const plugin = await policyPlugin(folder, manifest, config);
  return judged(manifest, allocatorRules, { plugin, seed, clusters }, options);
}

async function hosted<Subject>(
  manifest: PluginManifest,
  options: ConformOptions,
  rules: readonly Rule<Subject>[],
  subjectOf: (plugin: HostedPlugin) => Promise<Subject>,
): Promise<Conformance> {
  const { folder, config, builtIn } = options;
  const plugin = new HostedPlugin({ manifest, folder, config, builtIn });
  try {
    await plugin.tryStart();
    return await judged(manifest, rules, await subjectOf(plugin), options);
  } finally {
    await plugin.close();
  }
}

async function judged<Subject>(
  manifest: PluginManifest,
  rules: readonly Rule<Subject>[],
  subject: Subject,
  options: ConformOptions,
): Promise<Conformance> {
  const wanted = rules.filter(({ name }) => name.includes(options.only));
  if (wanted.length === 0) {
    throw errors.CLI_USAGE(`no rule for ${manifest.kind}s says "${options.only}"`);
  }
  options.onBegin?.(manifest, wanted.length);
  const verdicts = await runRules(wanted, subject, { ...options, deadlineMs: RULE_DEADLINE_MS });
  return { manifest, verdicts };
}
