import { agentErrors } from "./errors/agent.ts";
import { authoringErrors } from "./errors/authoring.ts";
import { cgroupErrors } from "./errors/cgroups.ts";
import { cliErrors } from "./errors/cli.ts";
import { clientErrors } from "./errors/client.ts";
import { configErrors } from "./errors/config.ts";
import { dockerErrors } from "./errors/docker.ts";
import { execErrors } from "./errors/exec.ts";
import type { FaultTable } from "./errors/fault.ts";
import { frameworkErrors } from "./errors/framework.ts";
import { imageErrors } from "./errors/images.ts";
import { journalErrors } from "./errors/journal.ts";
import { pluginErrors } from "./errors/plugin.ts";
import { policyErrors } from "./errors/policy.ts";
import { policyControlErrors } from "./errors/policy-control.ts";
import { registryErrors } from "./errors/registry.ts";
import { taskErrors } from "./errors/task.ts";
import { wireErrors } from "./errors/wire.ts";
import { workloadErrors } from "./errors/workload.ts";

export {
  type FaultOptions,
  type FaultReport,
  fault,
  reasonOf,
  remoteError,
  TepuiError,
} from "./errors/fault.ts";

/**
 * Every coded error there is: `throw errors.PLUGIN_NOT_FOUND(name, tried)`. The key is the code
 * that operators grep for; a test holds keys and codes together and refuses a code that was used
 * before with another meaning (`test/golden/codes.txt`). An area adds its codes in its own file
 * under `errors/`; each message says what was wrong, `where` it was, and the `hint` what would be
 * right.
 */
export const errors = {
  ...configErrors,
  ...pluginErrors,
  ...wireErrors,
  ...frameworkErrors,
  ...agentErrors,
  ...policyErrors,
  ...policyControlErrors,
  ...registryErrors,
  ...journalErrors,
  ...workloadErrors,
  ...cliErrors,
  ...clientErrors,
  ...cgroupErrors,
  ...dockerErrors,
  ...imageErrors,
  ...taskErrors,
  ...authoringErrors,
  ...execErrors,
} satisfies FaultTable;

/** A code of the table. */
export type ErrorCode = keyof typeof errors;
