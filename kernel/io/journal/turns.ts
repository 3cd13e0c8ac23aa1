import { Packr, Unpackr } from "msgpackr";
import type { AgentMessageOf } from "../../../contract/agent-api.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import type { ClusterInput, OfferDecision } from "../../core/event.ts";
import { KINDS } from "../../core/tables/shape.ts";
import type { RoundRecord, Turn, TurnItem } from "./records.ts";

/** The first number of each item of a turn. */
const Item = { ANY: 0, UPDATE: 1, ACKNOWLEDGE: 2, TICK: 3, ROUND: 4, WORD: 5 } as const;

/** Bits of a decision. */
const Bit = { WHOLE: 1, RESERVED: 2, REVOCABLE: 4 } as const;

/** Words that a segment numbers: ids of frameworks and agents, which come again and again. */
const WORDS_MAX = 1 << 18;

const packed = { moreTypes: true } as const;

/**
 * Writes turns down. Nearly everything that a busy master hears are updates and their
 * acknowledgements, so those two have a short form, with ids as numbers; the rest is msgpack as it
 * is.
 */
export class TurnWriter {
  readonly #packr = new Packr(packed);
  readonly #words = new Map<string, number>();
  #items: unknown[] = [];

  /** True when nothing was added since the last `take`. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** An input of the core, before or after it is stepped: steps do not change inputs. */
  input(input: Exclude<ClusterInput, { type: "offers-decided" }>): void {
    if (input.type === "agent-message" && input.message.type === "update") {
      if (this.#update(input.peer, input.message)) return;
    } else if (input.type === "framework-call" && input.call.type === "acknowledge") {
      // Only a framework's description is objected to.
      this.#acknowledge(input.peer, input.call);
      return;
    } else if (input.type === "tick") {
      this.#items.push([Item.TICK]);
      return;
    }
    this.#items.push([Item.ANY, { type: "input", input }]);
  }

  /** A round, after it ran. */
  round(record: RoundRecord): void {
    const { round, instance, policy, decisions, more, lookAgain, looked, fault } = record;
    const flat: number[] = [];
    for (const decision of decisions) flatten(decision, flat);
    const name = this.#word(policy.name);
    const digest = this.#word(policy.digest);
    const item = [Item.ROUND, round, instance, name, digest, more, lookAgain, looked, flat];
    if (fault !== undefined) item.push(fault.code as never, fault.row as never);
    this.#items.push(item);
  }

  /** Anything else. */
  add(item: Exclude<TurnItem, RoundRecord>): void {
    this.#items.push([Item.ANY, item]);
  }

  /** The turn that ends, as msgpack. */
  take(nowMs: number): Uint8Array {
    const items = this.#items;
    this.#items = [];
    return this.#packr.pack([nowMs, items]);
  }

  #update(peer: number, update: AgentMessageOf<"update">): boolean {
    const { frameworkId, status, latestState } = update;
    if (!isShort(status)) return false;
    const { taskId, state, uuid, agentId, source, timestampMs } = status;
    const agent = agentId === undefined ? -1 : this.#word(agentId);
    const framework = this.#word(frameworkId);
    this.#items.push([
      Item.UPDATE,
      peer,
      framework,
      taskId,
      uuid,
      agent,
      this.#word(state),
      latestState === state ? -1 : this.#word(latestState),
      source === undefined ? -1 : this.#word(source),
      timestampMs,
    ]);
    return true;
  }

  #acknowledge(peer: number, { agentId, taskId, uuid }: FrameworkCallOf<"acknowledge">): void {
    this.#items.push([Item.ACKNOWLEDGE, peer, this.#word(agentId), taskId, uuid]);
  }

  /** The number of a word, or the word itself once there are too many. */
  #word(word: string): number | string {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    if (this.#words.size >= WORDS_MAX) return word;
    const number = this.#words.size;
    this.#words.set(word, number);
    this.#items.push([Item.WORD, word]);
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

  /** The turns of one frame. */
  turns(payload: Uint8Array): Turn[] {
    const found: Turn[] = [];
    this.#unpackr.unpackMultiple(payload, (value: unknown) => {
      const [nowMs, items] = value as [number, unknown[][]];
      found.push({ nowMs, items: items.flatMap((item) => this.#item(item)) });
    });
    return found;
  }

  #item(item: unknown[]): TurnItem | [] {
    switch (item[0]) {
      case Item.UPDATE:
        return { type: "input", input: this.#update(item) };
      case Item.ACKNOWLEDGE: {
        const [, peer, agentId, taskId, uuid] = item as never[];
        const call = { type: "acknowledge", agentId: this.#word(agentId), taskId, uuid };
        const input = { type: "framework-call", peer: peer as never, call: call as never } as const;
        return { type: "input", input };
      }
      case Item.TICK:
        return { type: "input", input: { type: "tick" } };
      case Item.ROUND:
        return this.#round(item);
      case Item.WORD:
        this.#words.push(item[1] as string);
        return [];
      default:
        return item[1] as TurnItem;
    }
  }

  #update(item: unknown[]): Extract<ClusterInput, { type: "agent-message" }> {
    const [, peer, framework, taskId, uuid, agent, state, latest, source, timestampMs] =
      item as never[];
    const status: TaskStatus = { taskId: taskId as never, state: this.#word(state) };
    if (uuid !== undefined) status.uuid = uuid;
    if (agent !== -1) status.agentId = this.#word(agent);
    if (source !== -1) status.source = this.#word(source);
    if (timestampMs !== undefined) status.timestampMs = timestampMs;
    const latestState = latest === -1 ? status.state : this.#word(latest);
    const frameworkId = this.#word(framework);
    const message = { type: "update", frameworkId, status, latestState } as const;
    return { type: "agent-message", peer: peer as never, message: message as never };
  }

  #round(item: unknown[]): RoundRecord {
    const [, round, instance, name, digest, more, lookAgain, looked, flat, code, row] =
      item as never[];
    return {
      type: "round",
      round: round as never,
      instance: instance as never,
      policy: { name: this.#word(name), digest: this.#word(digest) },
      decisions: unflattened(flat as never),
      more: more as never,
      lookAgain: lookAgain as never,
      looked: looked as never,
      fault: code === undefined ? undefined : { code, row },
    };
  }

  #word(number: unknown): never {
    return (typeof number === "number" ? this.#words[number] : number) as never;
  }
}
