import { resolve } from "node:path";
import { errors } from "../../contract/errors.ts";
import type { OperatorParams } from "../../contract/operator-api.ts";
import { examinePlugins } from "../../kernel/host/admission.ts";
import { isPluginPath } from "../../kernel/host/find.ts";

/** How `tepui policy load` was called. */
export interface LoadOptions {
  readonly as?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly onMaster?: boolean;
}

/**
 * What to ask of the master. A path is a folder on this machine, and its manifest and module are
 * sent; a name, and with `--on-master` a path, is for the master to look up on its own.
 * @throws CLI_USAGE, POLICY_NOT_SENDABLE, the refusals of the plugin host
 */
export function loadRequest(plugin: string, options: LoadOptions): OperatorParams<"load-policy"> {
  const { as, config, onMaster = false } = options;
  const common = {
    ...(as === undefined ? {} : { as }),
    ...(config === undefined ? {} : { config }),
  };
  if (isPluginPath(plugin) && !onMaster) return { ...common, sent: folder(resolve(plugin)) };
  if (/^[^@./].*\//.test(plugin)) {
    throw errors.CLI_USAGE(`"${plugin}" is no name of a plugin`, `a folder is ./${plugin}`);
  }
  if (onMaster && isPluginPath(plugin) && !plugin.startsWith("/")) {
    throw errors.CLI_USAGE(`${plugin} is not an absolute path`, "--on-master takes one");
  }
  return { ...common, plugin };
}

function folder(path: string): NonNullable<OperatorParams<"load-policy">["sent"]> {
  const options = { from: path, builtIn: [], kinds: ["allocator" as const] };
  const { admitted, problems } = examinePlugins([{ plugin: path }], options);
  const [problem] = problems;
  // Its config comes separately, and is checked by the master.
  if (problem !== undefined && problem.error.code !== "PLUGIN_CONFIG_INVALID") throw problem.error;
  const [plugin] = admitted;
  if (plugin === undefined) throw problem?.error;
  const { name, manifest, bytes, digest } = plugin;
  if (manifest.companion !== undefined) {
    throw errors.POLICY_NOT_SENDABLE(name, "it has a companion, which is JavaScript");
  }
  return { manifest: { ...manifest, digest }, module: bytes };
}
