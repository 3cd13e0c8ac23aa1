import { remoteError } from "../contract/errors.ts";
import { executorCallSchemas } from "../contract/executor-api.ts";
import { frameworkCallSchemas } from "../contract/framework-api.ts";
import { messageCheck } from "../contract/message-checks.ts";
import { sizeProblem } from "../contract/size.ts";

const checks = {
  // Nothing is compiled before the first call of its type.
  framework: messageCheck("master", frameworkCallSchemas),
  executor: messageCheck("agent", executorCallSchemas),
} as const;

/**
 * Looks at a call before it is sent, as its receiver will: a mistake is told to whoever made it,
 * and not to a connection that cannot say which call it was.
 * @throws MESSAGE_INVALID with the place of the mistake
 */
export function checkOutgoing(kind: keyof typeof checks, call: { readonly type: string }): void {
  const report = checks[kind](call);
  if (report !== undefined) throw remoteError(report, 400);
}

/**
 * Looks at the size of a part of a call, for which receivers have bounds below that of a frame.
 * @throws MESSAGE_TOO_LARGE
 */
export function checkSize(call: string, bytes: number, bytesMax: number): void {
  const message = sizeProblem(`the ${call}`, bytes, bytesMax);
  if (message !== undefined) throw remoteError({ code: "MESSAGE_TOO_LARGE", message }, 413);
}
