import { compile } from "./check.ts";
import { errors } from "./errors.ts";
import { execLimits } from "./limits/exec.ts";
import { type Static, Type } from "./typebox.ts";

/**
 * `POST /exec/FRAMEWORK/TASK` begins a session and is answered by a stream of frames: what the
 * command writes, and messages. `POST /exec-session/ID` says everything else: input, how much of
 * the output was taken, the size of the terminal, or only that its client is still there. Both
 * directions have a window, so a program and a reader that are slow hold up each other and nobody
 * else.
 */
export const EXEC_PATH = "/exec";
/** See `EXEC_PATH`. */
export const EXEC_SESSION_PATH = "/exec-session";
/** A header that no web page can send without being asked, which no agent answers. */
export const EXEC_HEADER = "x-tepui-exec";

const Cells = Type.Integer({ minimum: 1, maximum: execLimits.terminalMax });

/** The size of a terminal, in characters. */
export const TerminalSizeSchema = Type.Object({ columns: Cells, rows: Cells });
/** See `TerminalSizeSchema`. */
export type TerminalSize = Static<typeof TerminalSizeSchema>;

/** A command that is to run beside that of a task. */
export const ExecRequestSchema = Type.Object({
  /** The program and its arguments; no shell is between. */
  command: Type.Array(Type.String(), { minItems: 1, maxItems: execLimits.wordsMax }),
  /** Whether input follows; otherwise its input is at its end from the beginning. */
  stdin: Type.Optional(Type.Boolean()),
  /** A terminal of this size; without one, output and error output are apart. */
  terminal: Type.Optional(TerminalSizeSchema),
  /** The kind of terminal, for TERM. */
  term: Type.Optional(Type.String({ maxLength: 100 })),
});
/** See `ExecRequestSchema`. */
export type ExecRequest = Static<typeof ExecRequestSchema>;

/** Checks what begins a session. */
export const execRequestCheck = compile(ExecRequestSchema, "exec", "wire");

/** What an agent says between the output of a command. */
export const ExecMessageSchema = Type.Union([
  /** It runs; input may be sent up to this many bytes. */
  Type.Object({
    type: Type.Literal("started"),
    session: Type.String({ pattern: "^[0-9a-f]{32}$" }),
    inputUpTo: Type.Integer({ minimum: 0 }),
  }),
  /** Input may be sent up to this many bytes, counted from its beginning. */
  Type.Object({ type: Type.Literal("input"), upTo: Type.Integer({ minimum: 0 }) }),
  /** The command reads no more. */
  Type.Object({ type: Type.Literal("input-closed") }),
  /** It has ended, and all it wrote was sent. Exactly one of `code` and `signal`. */
  Type.Object({
    type: Type.Literal("exited"),
    code: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
    signal: Type.Optional(Type.String()),
  }),
  /** The session is over, however its command ends. */
  Type.Object({
    type: Type.Literal("failed"),
    error: Type.Object({
      code: Type.String(),
      message: Type.String(),
      status: Type.Optional(Type.Integer()),
      where: Type.Optional(Type.String()),
      hint: Type.Optional(Type.String()),
    }),
  }),
]);
/** See `ExecMessageSchema`. */
export type ExecMessage = Static<typeof ExecMessageSchema>;

const messageCheck = compile(ExecMessageSchema, "exec", "wire");

/** What a frame holds. */
export const execFrames = { alive: 0, stdout: 1, stderr: 2, message: 3 } as const;
type FrameKind = (typeof execFrames)[keyof typeof execFrames];

/** A frame that came: a sign of life is none of these. */
export type ExecFrame =
  | { readonly type: "output"; readonly stream: "stdout" | "stderr"; readonly data: Uint8Array }
  | { readonly type: "message"; readonly message: ExecMessage };

/** One byte says what it is, four how long the rest is, the highest first. */
const HEAD_BYTES = 5;

/** Writes a frame. */
export function execFrame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEAD_BYTES + payload.length);
  frame[0] = kind;
  new DataView(frame.buffer).setUint32(1, payload.length);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

/** Writes the frame of a message. */
export function execMessageFrame(message: ExecMessage): Uint8Array {
  return execFrame(execFrames.message, new TextEncoder().encode(JSON.stringify(message)));
}

/** Takes frames out of a stream that comes in pieces. */
export class ExecFrames {
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * The frames that are complete with this piece.
   * @throws EXEC_FRAME_INVALID for what is not such a stream
   */
  push(piece: Uint8Array): ExecFrame[] {
    let rest = piece;
    if (this.#rest.length > 0) {
      rest = new Uint8Array(this.#rest.length + piece.length);
      rest.set(this.#rest);
      rest.set(piece, this.#rest.length);
    }
    const frames: ExecFrame[] = [];
    while (rest.length >= HEAD_BYTES) {
      const size = new DataView(rest.buffer, rest.byteOffset).getUint32(1);
      if (size > execLimits.frameBytesMax) throw errors.EXEC_FRAME_INVALID(`it has ${size} bytes`);
      if (rest.length < HEAD_BYTES + size) break;
      const frame = frameOf(rest[0] ?? 0, rest.slice(HEAD_BYTES, HEAD_BYTES + size));
      if (frame !== undefined) frames.push(frame);
      rest = rest.subarray(HEAD_BYTES + size);
    }
    this.#rest = rest.slice();
    return frames;
  }
}

function frameOf(kind: number, payload: Uint8Array): ExecFrame | undefined {
  switch (kind) {
    case execFrames.alive:
      return undefined;
    case execFrames.stdout:
      return { type: "output", stream: "stdout", data: payload };
    case execFrames.stderr:
      return { type: "output", stream: "stderr", data: payload };
    case execFrames.message:
      return { type: "message", message: messageOf(new TextDecoder().decode(payload)) };
    default:
      throw errors.EXEC_FRAME_INVALID(`kind ${kind} is unknown`);
  }
}

function messageOf(text: string): ExecMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw errors.EXEC_FRAME_INVALID("its message is no JSON");
  }
  const checked = messageCheck.check(value);
  if (!checked.ok) throw errors.EXEC_FRAME_INVALID("its message is of no known kind");
  return checked.value;
}
