import { Packr, Unpackr } from "msgpackr";
import type { AgentMessageOf } from "../../../contract/agent-api.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import type { ClusterInput, PeerNumber } from "../../core/event.ts";
import { type FoldedAccept, folded, unfolded } from "./alike.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { flattened, unflattened } from "./decisions.ts";
import type { RoundRecord, Turn, TurnItem } from "./records.ts";

/** The first byte of each item of a turn. */
const Item = { OTHER: 0, UPDATE: 1, ACKNOWLEDGE: 2, TICK: 3, WORD: 4 } as const;

/** What follows in an update. */
const Has = { UUID: 1, AGENT: 2, LATEST: 4, SOURCE: 8, TIMESTAMP: 16 } as const;

/** Words that a segment numbers: ids of frameworks and agents, which come again and again. */
const WORDS_MAX = 1 << 18;
/** For a word that has no number. */
const NO_WORD = -1;

/** What words are for; of each the last is remembered. */
const Slot = { FRAMEWORK: 0, AGENT: 1, STATE: 2, SOURCE: 3 } as const;

/** Time of a turn, and length of its items; the length of the others stands before those. */
const TURN_HEADER_BYTES = 12;

const packed = { moreTypes: true } as const;

/** An accept as it is written down. */
interface AcceptItem {
  readonly type: "accept";
  readonly peer: PeerNumber;
  readonly call: FoldedAccept;
}

type Input = Exclude<ClusterInput, { type: "offers-decided" }>;

/**
 * Writes turns down, one behind the other, into frames. Nearly everything that a busy master hears
 * are updates and their acknowledgements, so those two have a short form that is written as they
 * come, with ids as numbers; all others are msgpack, packed together at the end of their turn.
 */
export class TurnWriter {
  readonly #packr = new Packr(packed);
  readonly #words = new Map<string, number>();
  /** By `Slot`. */
  readonly #lastWords: string[] = [];
  readonly #lastNumbers: number[] = [];
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
    } else if (input.type === "framework-call" && input.call.type === "accept") {
      this.#other({ type: "accept", peer: input.peer, call: folded(input.call) });
      return;
    } else if (input.type === "tick") {
      this.#bytes.u8(Item.TICK);
      return;
    }
    this.add({ type: "input", input });
  }

  /** A round, after it ran. */
  round(record: RoundRecord): void {
    this.#other({ ...record, decisions: flattened(record.decisions) });
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
    const framework = this.#word(frameworkId, Slot.FRAMEWORK);
    const agent = agentId === undefined ? 0 : this.#word(agentId, Slot.AGENT);
    const now = this.#word(state, Slot.STATE);
    const latest = latestState === state ? 0 : this.#word(latestState, Slot.STATE);
    const from = source === undefined ? 0 : this.#word(source, Slot.SOURCE);
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
    const agent = this.#word(agentId, Slot.AGENT);
    if (agent === NO_WORD) return false;
    const bytes = this.#bytes;
    bytes.u8(Item.ACKNOWLEDGE);
    bytes.count(peer);
    bytes.count(agent);
    bytes.text(taskId);
    bytes.text(uuid);
    return true;
  }

  /** The number of a word, until there are too many; most are the same as last time. */
  #word(word: string, slot: number): number {
    if (this.#lastWords[slot] === word) return this.#lastNumbers[slot] as number;
    const number = this.#words.get(word) ?? this.#newWord(word);
    if (number === NO_WORD) return number;
    this.#lastWords[slot] = word;
    this.#lastNumbers[slot] = number;
    return number;
  }

  #newWord(word: string): number {
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
  const item = other as TurnItem | AcceptItem;
  if (item.type === "accept") {
    const { peer, call } = item;
    return { type: "input", input: { type: "framework-call", peer, call: unfolded(call) } };
  }
  if (item.type !== "round") return item;
  return { ...item, decisions: unflattened(item.decisions as unknown as number[]) };
}
