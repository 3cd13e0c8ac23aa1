import { compile, type Validator } from "./check.ts";
import type { FaultReport } from "./errors/fault.ts";
import { errors } from "./errors.ts";
import type { MessageCheck } from "./ports/transport.ts";
import type { TSchema } from "./typebox.ts";

/**
 * Makes the check for the messages of one kind of peer from its schemas by `type`. Unknown fields
 * pass, so that newer peers can talk to older ones; an unknown type or a wrong field is reported.
 */
export function messageCheck(
  peer: string,
  schemas: Readonly<Record<string, TSchema>>,
): MessageCheck {
  const validators = new Map<string, Validator<unknown>>();
  for (const [type, schema] of Object.entries(schemas)) {
    validators.set(type, compile(schema, `${type} message`, "wire"));
  }
  return (message): FaultReport | undefined => {
    const { type } = message;
    const validator = validators.get(type);
    if (validator === undefined) {
      return errors.MESSAGE_TYPE_UNKNOWN(type, peer).toJSON();
    }
    if (validator.is(message as unknown)) return undefined;
    const checked = validator.check(message);
    if (checked.ok) return undefined;
    const problem = checked.problems[0];
    return errors
      .MESSAGE_INVALID(`${type}: ${problem?.message ?? "wrong shape"}`, problem?.path)
      .toJSON();
  };
}
