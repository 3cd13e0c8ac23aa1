import { compile, type Validator } from "../contract/check.ts";
import { wireErrors } from "../contract/errors/wire.ts";
import { errors, type FaultReport } from "../contract/errors.ts";
import { wireLimits } from "../contract/limits/wire.ts";
import type { DialOptions, ListenOptions, MessageCheck } from "../contract/ports/transport.ts";
import {
  type CloseCode,
  Hello,
  Refused,
  Welcome,
  WIRE_VERSION,
  type WireMessage,
} from "../contract/wire-protocol.ts";
import { encodeFrames } from "./codec.ts";
import type { FrameLimits } from "./guard.ts";

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

/**
 * A first frame that is a hello of good shape, or how to refuse it; without a refusal it is no
 * hello at all.
 */
export type JudgedHello =
  | { readonly hello: Hello; readonly check: MessageCheck }
  | { readonly code: CloseCode; readonly refusal: Omit<Refused, "type"> | undefined };

/**
 * Judges the first frame of a connection; the version comes first, for all else may differ in
 * another one.
 */
export function judgeHello(
  messages: readonly WireMessage[],
  peers: ListenOptions["peers"],
): JudgedHello {
  const [first] = messages;
  if (first?.type !== "hello" || messages.length > 1) {
    return { code: "HELLO_EXPECTED", refusal: undefined };
  }
  const version = (first as { tepui?: unknown }).tepui;
  if (typeof version === "number" && version !== WIRE_VERSION) {
    return refuse("VERSION_UNKNOWN", wireErrors.VERSION_UNKNOWN(version, WIRE_VERSION));
  }
  const problem = helloProblem(first);
  if (problem !== undefined) {
    return refuse("HELLO_INVALID", wireErrors.HELLO_INVALID(problem.message, problem.where));
  }
  const hello = first as Hello;
  const check = peers[hello.peer];
  if (check !== undefined) return { hello, check };
  return refuse("HELLO_REFUSED", wireErrors.PEER_KIND_REFUSED(hello.peer, Object.keys(peers)));
}

function refuse(closeCode: CloseCode, fault: FaultReport): JudgedHello {
  const { code, message, hint } = fault;
  const told = hint === undefined ? { code, message } : { code, message, hint };
  return { code: closeCode, refusal: { ...told, final: true } };
}

/** The one frame that answers a hello which is not accepted. */
export function refusedFrame(refusal: Omit<Refused, "type">, limits: FrameLimits): Uint8Array {
  return encodeFrames([{ type: "refused", ...refusal } as WireMessage], limits)[0] as Uint8Array;
}

/**
 * The one frame that a dialling side begins with.
 * @throws HELLO_INVALID when a name or the token is no good
 */
export function helloFrame(options: DialOptions): Uint8Array {
  const { peer, name, software, token, frameBytesMax } = options;
  const said = { type: "hello", tepui: WIRE_VERSION, peer, name, software };
  const hello = {
    ...said,
    ...(token === undefined ? {} : { token }),
    ...(frameBytesMax === undefined ? {} : { frameBytesMax }),
  };
  const problem = helloProblem(hello);
  if (problem !== undefined) throw errors.HELLO_INVALID(problem.message, problem.where);
  return encodeFrames([hello])[0] as Uint8Array;
}

/** The limits of what is sent to a peer: our own, or what it reads where that is less. */
export function limitsFor(
  { frameBytesMax = wireLimits.frameBytesMax }: Hello,
  own: FrameLimits,
): FrameLimits {
  return { ...own, frameBytesMax: Math.min(own.frameBytesMax, frameBytesMax) };
}

/**
 * The answer to a message that was not taken. Its texts are cut so that it fits the smallest frames
 * that a peer may ask for, 1,024 bytes: it is sent where nobody could be told that it does not.
 */
export function errorAnswer(message: WireMessage, fault: FaultReport): WireMessage {
  const { id } = message as { id?: unknown };
  const isShown = typeof id === "number" || (typeof id === "string" && cut(id, 128) === id);
  const answer = {
    type: "error",
    code: fault.code,
    message: cut(fault.message, 400),
    where: fault.where === undefined ? undefined : cut(fault.where, 80),
    hint: fault.hint === undefined ? undefined : cut(fault.hint, 160),
    of: cut(message.type, 64),
    id: isShown ? id : undefined,
  };
  return answer;
}

/** The text, or as much of its beginning as so many bytes hold. */
function cut(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  // A letter that is cut through is shown as a mark of three bytes.
  return bytes.length <= bytesMax ? text : bytes.subarray(0, bytesMax - 3).toString();
}

/**
 * The welcome of a server: what the kernel says of itself, and what the transport holds its peers
 * to.
 */
export function welcomeOf(
  said: Pick<Welcome, "server" | "software">,
  heartbeatMs: number,
  { frameBytesMax, frameMessagesMax }: FrameLimits,
  messageBytesMax: number | undefined,
): Welcome {
  const whole = { heartbeatMs, frameBytesMax, frameMessagesMax };
  const limits = messageBytesMax === undefined ? whole : { ...whole, messageBytesMax };
  return { type: "welcome", tepui: WIRE_VERSION, ...said, ...limits };
}
