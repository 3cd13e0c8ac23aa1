import { Packr, Unpackr } from "msgpackr";
import type { AgentMessageOf } from "../../../contract/agent-api.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import type { ClusterInput, OfferDecision } from "../../core/event.ts";
import { KINDS } from "../../core/tables/shape.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { RoundRecord, Turn, TurnItem } from "./records.ts";

/** The first byte of each item of a turn. */
const Item = { OTHER: 0, UPDATE: 1, ACKNOWLEDGE: 2, TICK: 3, WORD: 4 } as const;

/** What follows in an update. */
const Has = { UUID: 1, AGENT: 2, LATEST: 4, SOURCE: 8, TIMESTAMP: 16 } as const;

/** Bits of a decision. */
const Bit = { WHOLE: 1, RESERVED: 2, REVOCABLE: 4 } as const;

/** Words that a segment numbers: ids of frameworks and agents, which come again and again. */
const WORDS_MAX = 1 << 18;
/** For a word that has no number. */
const NO_WORD = -1;

/** Time of a turn, and length of its items; the length of the others stands before those. */
const TURN_HEADER_BYTES = 12;

const packed = { moreTypes: true } as const;

type Input = Exclude<ClusterInput, { type: "offers-decided" }>;

/**
 * Writes turns down, one behind the other, into frames. Nearly everything that a busy master hears
 * are updates and their acknowledgements, so those two have a short form that is written as they
 * come, with ids as numbers; all others are msgpack, packed together at the end of their turn.
 */
export class TurnWriter {
  readonly #packr = new Packr(packed);
  readonly #words = new Map<string, number>();
  readonly #bytes = new ByteWriter();
  /** Bytes that are left free at the beginning of each frame. */
  readonly #free: number;
  /** Where the turn begins that is being written. */
  #start: number;
  #others: unknown[] = [];

  /** Each frame begins with so many bytes that somebody else fills in. */
  constructor(free: number) {
    this.#free = free;
    this.#start = free;
    this.#bytes.at = free + TURN_HEADER_BYTES;
  }

  /** True when nothing has come since the last turn ended. */
  get isEmpty(): boolean {
    return this.#bytes.at === this.#start + TURN_HEADER_BYTES;
  }

  /** An input of the core, before or after it is stepped: steps do not change inputs. */
  input(input: Input): void {
    if (input.type === "agent-message" && input.message.type === "update") {
      if (this.#update(input.peer, input.message)) return;
    } else if (input.type === "framework-call" && input.call.type === "acknowledge") {
      // Only a framework's description is objected to.
      if (this.#acknowledge(input.peer, input.call)) return;
    } else if (input.type === "tick") {
      this.#bytes.u8(Item.TICK);
      return;
    }
    this.add({ type: "input", input });
  }

  /** A round, after it ran. */
  round(record: RoundRecord): void {
    const flat: number[] = [];
    for (const decision of record.decisions) flatten(decision, flat);
    this.#other({ ...record, decisions: flat });
  }

  /** Anything else. */
  add(item: Exclude<TurnItem, RoundRecord>): void {
    this.#other(item);
  }

  /** Ends a turn; gives its length in bytes. */
  end(nowMs: number): number {
    const bytes = this.#bytes;
    const start = this.#start;
    bytes.reserve(4 + TURN_HEADER_BYTES);
    bytes.f64At(start, nowMs);
    bytes.u32At(start + 8, bytes.at - start - TURN_HEADER_BYTES);
    const others = this.#others.length === 0 ? undefined : this.#packr.pack(this.#others);
    this.#others = [];
    bytes.at += 4;
    bytes.u32At(bytes.at - 4, others?.length ?? 0);
    if (others !== undefined) bytes.bytes(others);
    const { at } = bytes;
    this.#begin();
    return at - start;
  }

  /** The turns that have ended since the last call, good until the next one. */
  take(): Buffer {
    const end = this.#start;
    this.#start = this.#free;
    return this.#bytes.take(end, this.#free);
  }

  #begin(): void {
    this.#start = this.#bytes.at;
    this.#bytes.reserve(TURN_HEADER_BYTES);
    this.#bytes.at += TURN_HEADER_BYTES;
  }

  #other(item: unknown): void {
    this.#bytes.u8(Item.OTHER);
    this.#others.push(item);
  }

  #update(peer: number, { frameworkId, status, latestState }: AgentMessageOf<"update">): boolean {
    if (!isShort(status)) return false;
    const { taskId, state, uuid, agentId, source, timestampMs } = status;
    // Words come first: one that is new is written down by itself.
    const framework = this.#word(frameworkId);
    const agent = agentId === undefined ? 0 : this.#word(agentId);
    const now = this.#word(state);
    const latest = latestState === state ? 0 : this.#word(latestState);
    const from = source === undefined ? 0 : this.#word(source);
    if (Math.min(framework, agent, now, latest, from) === NO_WORD) return false;
    const bytes = this.#bytes;
    bytes.u8(Item.UPDATE);
    bytes.u8(
      (uuid === undefined ? 0 : Has.UUID) |
        (agentId === undefined ? 0 : Has.AGENT) |
        (latestState === state ? 0 : Has.LATEST) |
        (source === undefined ? 0 : Has.SOURCE) |
        (timestampMs === undefined ? 0 : Has.TIMESTAMP),
    );
    bytes.count(peer);
    bytes.count(framework);
    bytes.text(taskId);
    bytes.count(now);
    if (uuid !== undefined) bytes.text(uuid);
    if (agentId !== undefined) bytes.count(agent);
    if (latestState !== state) bytes.count(latest);
    if (source !== undefined) bytes.count(from);
    if (timestampMs !== undefined) bytes.f64(timestampMs);
    return true;
  }

  #acknowledge(peer: number, { agentId, taskId, uuid }: FrameworkCallOf<"acknowledge">): boolean {
    const agent = this.#word(agentId);
    if (agent === NO_WORD) return false;
    const bytes = this.#bytes;
    bytes.u8(Item.ACKNOWLEDGE);
    bytes.count(peer);
    bytes.count(agent);
    bytes.text(taskId);
    bytes.text(uuid);
    return true;
  }

  /** The number of a word, until there are too many. */
  #word(word: string): number {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    if (this.#words.size >= WORDS_MAX) return NO_WORD;
    const number = this.#words.size;
    this.#words.set(word, number);
    this.#bytes.u8(Item.WORD);
    this.#bytes.text(word);
    return number;
  }
}

/** Has a status nothing beside what the short form holds? */
function isShort(status: TaskStatus): boolean {
  for (const key in status) {
    switch (key) {
      case "taskId":
      case "state":
      case "uuid":
      case "agentId":
      case "source":
      case "timestampMs":
        continue;
      default:
        return false;
    }
  }
  return true;
}

function flatten({ agentRow, clientRow, whole, ...part }: OfferDecision, flat: number[]): void {
  if (whole) {
    flat.push(agentRow, clientRow, Bit.WHOLE);
    return;
  }
  const bits = (part.reserved ? Bit.RESERVED : 0) | (part.revocable ? Bit.REVOCABLE : 0);
  flat.push(agentRow, clientRow, bits);
  for (let kind = 0; kind < KINDS; kind++) flat.push(part.amounts?.[kind] ?? 0);
}

function unflattened(flat: readonly number[]): OfferDecision[] {
  const decisions: OfferDecision[] = [];
  for (let at = 0; at < flat.length; ) {
    const [agentRow = 0, clientRow = 0, bits = 0] = flat.slice(at, at + 3);
    at += 3;
    if ((bits & Bit.WHOLE) !== 0) {
      decisions.push({ agentRow, clientRow, whole: true });
      continue;
    }
    const amounts = flat.slice(at, at + KINDS);
    at += KINDS;
    const reserved = (bits & Bit.RESERVED) !== 0;
    const revocable = (bits & Bit.REVOCABLE) !== 0;
    decisions.push({ agentRow, clientRow, whole: false, amounts, reserved, revocable });
  }
  return decisions;
}

/** Reads the turns of one segment, from its first on. */
export class TurnReader {
  readonly #unpackr = new Unpackr(packed);
  readonly #words: string[] = [];

  /** The turns of one frame, without what is free at its beginning. */
  turns(payload: Uint8Array): Turn[] {
    const found: Turn[] = [];
    const bytes = new ByteReader(payload);
    while (!bytes.isAtEnd) found.push(this.#turn(bytes));
    return found;
  }

  #turn(bytes: ByteReader): Turn {
    const nowMs = bytes.f64();
    const written = new ByteReader(bytes.bytes(bytes.u32()));
    const others = bytes.bytes(bytes.u32());
    const waiting: unknown[] = others.length === 0 ? [] : this.#unpackr.unpack(others);
    const items: TurnItem[] = [];
    let next = 0;
    while (!written.isAtEnd) {
      switch (written.u8()) {
        case Item.UPDATE:
          items.push({ type: "input", input: this.#update(written) });
          break;
        case Item.ACKNOWLEDGE:
          items.push({ type: "input", input: this.#acknowledge(written) });
          break;
        case Item.TICK:
          items.push({ type: "input", input: { type: "tick" } });
          break;
        case Item.WORD:
          this.#words.push(written.text());
          break;
        default:
          items.push(itemOf(waiting[next++]));
      }
    }
    return { nowMs, items };
  }

  #update(bytes: ByteReader): Extract<ClusterInput, { type: "agent-message" }> {
    const has = bytes.u8();
    const peer = bytes.count() as never;
    const frameworkId = this.#word(bytes);
    const status: TaskStatus = { taskId: bytes.text() as never, state: this.#word(bytes) };
    if ((has & Has.UUID) !== 0) status.uuid = bytes.text() as never;
    if ((has & Has.AGENT) !== 0) status.agentId = this.#word(bytes);
    const latestState = (has & Has.LATEST) === 0 ? status.state : this.#word(bytes);
    if ((has & Has.SOURCE) !== 0) status.source = this.#word(bytes);
    if ((has & Has.TIMESTAMP) !== 0) status.timestampMs = bytes.f64();
    return {
      type: "agent-message",
      peer,
      message: { type: "update", frameworkId, status, latestState },
    };
  }

  #acknowledge(bytes: ByteReader): Extract<ClusterInput, { type: "framework-call" }> {
    const peer = bytes.count() as never;
    const agentId = this.#word(bytes);
    const taskId = bytes.text() as never;
    const uuid = bytes.text() as never;
    return { type: "framework-call", peer, call: { type: "acknowledge", agentId, taskId, uuid } };
  }

  #word(bytes: ByteReader): never {
    return this.#words[bytes.count()] as never;
  }
}

function itemOf(other: unknown): TurnItem {
  const item = other as TurnItem;
  if (item.type !== "round") return item;
  return { ...item, decisions: unflattened(item.decisions as unknown as number[]) };
}
