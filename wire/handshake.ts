import { compile, type Validator } from "../contract/check.ts";
import { Hello, Refused, Welcome, type WireMessage } from "../contract/wire-protocol.ts";

const helloCheck = compile(Hello, "hello", "wire");
const welcomeCheck = compile(Welcome, "welcome", "wire");
const refusedCheck = compile(Refused, "refused", "wire");

/** What is wrong with a message of the handshake, and at which of its fields. */
export interface HandshakeProblem {
  readonly message: string;
  readonly where: string;
}

function problemOf(validator: Validator<unknown>, value: unknown): HandshakeProblem | undefined {
  const checked = validator.check(value);
  if (checked.ok) return undefined;
  const [first] = checked.problems;
  return { message: first?.message ?? "it has the wrong shape", where: first?.path || "/" };
}

/** Says what is wrong with a hello, or `undefined` when it is a good one. */
export function helloProblem(message: WireMessage): HandshakeProblem | undefined {
  return problemOf(helloCheck, message);
}

/** What a server answered to a hello, or `undefined` for something that is no answer. */
export function handshakeAnswer(messages: readonly WireMessage[]): Welcome | Refused | undefined {
  const [first] = messages;
  if (first?.type === "welcome" && welcomeCheck.is(first)) return first as Welcome;
  if (first?.type === "refused" && refusedCheck.is(first)) return first as Refused;
  return undefined;
}
