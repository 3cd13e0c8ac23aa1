import { TepuiError } from "../../../../contract/errors.ts";
import { Refusal } from "../http/answers.ts";

/** A change that is refused, with the status that Mesos has for that call (§8.2). */
export function refusalOf(isMarkGone: boolean, thrown: unknown): unknown {
  if (!(thrown instanceof TepuiError)) return thrown;
  const { code, message } = thrown;
  if (code === "FRAMEWORK_UNKNOWN") return new Refusal(400, message);
  if (code === "AGENT_UNKNOWN" && !isMarkGone) return new Refusal(400, message);
  if (code === "AGENT_LEAVING" && isMarkGone) return new Refusal(503, message);
  return thrown;
}
