import { createContext, Script } from "node:vm";
import { PolicyFault } from "./faults.ts";

const context = createContext(Object.create(null) as object) as { call?: () => unknown };
const script = new Script("call()");

/**
 * Runs `fn` and stops it after `deadlineMs`, even inside an endless loop of WebAssembly: the only
 * means that V8 offers on this thread. Starting the watchdog costs some tens of microseconds, so it
 * wraps a round and never a row, and a round without candidates does not get this far.
 *
 * The step budget is the deterministic bound; this is the backstop, to be set wide of any healthy
 * round. Throws POLICY_DEADLINE, or POLICY_TRAP for whatever else `fn` threw.
 */
export function withDeadline<T>(deadlineMs: number, fn: () => T): T {
  const outer = context.call;
  context.call = fn;
  try {
    return script.runInContext(context, { timeout: deadlineMs }) as T;
  } catch (cause) {
    if (cause instanceof PolicyFault) throw cause;
    if ((cause as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      throw new PolicyFault("POLICY_DEADLINE", `${deadlineMs} ms are over`, { cause });
    }
    // Exceptions of WebAssembly's own are no Errors and have no message.
    const { message = "it threw an exception" } = cause as { readonly message?: string };
    throw new PolicyFault("POLICY_TRAP", message, { cause });
  } finally {
    if (outer === undefined) delete context.call;
    else context.call = outer;
  }
}
