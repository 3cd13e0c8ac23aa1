import {
  type AgentView,
  fromMilli,
  OperatorClient,
  type Resources,
  scalarOf,
} from "../../sdk/index.ts";

/** Nothing is said of a wait that is shorter, and a longer one is looked at so often. */
const LOOK_MS = 5_000;
const CONNECT_MS = 3_000;

/** What a task asks of an agent. */
export interface Need {
  readonly resources: Resources;
  /** Attributes that an agent must have, by name and printed value. */
  readonly requires: Readonly<Record<string, string>>;
}

/** What of an agent counts for whether a task fits it. */
export interface AgentSize extends Pick<AgentView, "state" | "total" | "used" | "offered"> {
  readonly agent: Pick<AgentView["agent"], "attributes">;
}

/**
 * Why nothing that waits is launched, in words: there are no agents, none has an attribute or so
 * much of something, all that would do are busy, or some have room that is kept from the framework.
 */
export function whyWaiting(need: Need, agents: readonly AgentSize[], frameworkId: string): string {
  let fitting = agents.filter(({ state }) => state === "active");
  if (fitting.length === 0) return "there are no agents";
  for (const [name, value] of Object.entries(need.requires)) {
    fitting = fitting.filter((agent) => attributeOf(agent, name) === value);
    if (fitting.length === 0) return `no agent has the attribute ${name}=${value}`;
  }
  const wanted = need.resources.map(({ name }) => [name, scalarOf(need.resources, name)] as const);
  for (const [name, milli] of wanted) {
    const most = Math.max(...fitting.map(({ total }) => scalarOf(total, name)));
    if (most >= milli) continue;
    return `no agent has ${name} ${fromMilli(milli)}; the largest has ${fromMilli(most)}`;
  }
  fitting = fitting.filter(({ total }) => wanted.every(([name, m]) => scalarOf(total, name) >= m));
  const all = wanted.map(([name, milli]) => `${name} ${fromMilli(milli)}`).join(" and ");
  if (fitting.length === 0) return `no agent has ${all} at once`;
  const roomy = fitting.filter((agent) => wanted.every(([name, m]) => roomOn(agent, name) >= m));
  if (roomy.length > 0) {
    const some = roomy.length === 1 ? "an agent has" : `${roomy.length} agents have`;
    const asked = `\`tepui explain framework ${frameworkId}\` says why`;
    return `${some} room for a task, and it is not offered; ${asked}`;
  }
  return fitting.length === 1
    ? "the one agent that could hold a task is busy"
    : `all ${fitting.length} agents that could hold a task are busy`;
}

function roomOn({ total, used, offered }: AgentSize, name: string): number {
  return scalarOf(total, name) - scalarOf(used, name) - scalarOf(offered, name);
}

function attributeOf({ agent }: AgentSize, name: string): string | undefined {
  const found = agent.attributes?.find((attribute) => attribute.name === name);
  if (found === undefined) return undefined;
  return found.text ?? (found.scalar === undefined ? undefined : String(fromMilli(found.scalar)));
}

/** Says why a job waits while nothing of it runs, and again only when the reason is another. */
export class WaitWatch {
  readonly #need: Need;
  readonly #frameworkId: () => string;
  readonly #masters: string | undefined;
  readonly #say: (why: string) => void;
  readonly #timer: NodeJS.Timeout;
  #client: OperatorClient | undefined;
  #looking: Promise<void> | undefined;
  #idleSinceMs: number | undefined = performance.now();
  #said = "";

  constructor(
    need: Need,
    frameworkId: () => string,
    masters: string | undefined,
    say: (why: string) => void,
  ) {
    this.#need = need;
    this.#frameworkId = frameworkId;
    this.#masters = masters;
    this.#say = say;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, LOOK_MS);
  }

  /** Notes how many tasks run. */
  running(live: number): void {
    if (live > 0) {
      this.#idleSinceMs = undefined;
      this.#said = "";
    } else this.#idleSinceMs ??= performance.now();
  }

  /** Looks no more. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#idleSinceMs = undefined;
    await this.#client?.close();
    await this.#looking;
    await this.#client?.close();
  }

  async #look(): Promise<void> {
    if (!this.#isWaiting()) return;
    const agents: AgentView[] = [];
    try {
      this.#client ??= await OperatorClient.connect({
        name: "tepui-run",
        connectMs: CONNECT_MS,
        ...(this.#masters === undefined ? {} : { masters: this.#masters }),
      });
      for await (const agent of this.#client.all("agents", {})) agents.push(agent);
    } catch {
      return; // Without a master there is nothing to tell; that is said elsewhere.
    }
    const why = whyWaiting(this.#need, agents, this.#frameworkId());
    if (!this.#isWaiting() || why === this.#said) return;
    this.#said = why;
    this.#say(why);
  }

  #isWaiting(): boolean {
    return this.#idleSinceMs !== undefined && performance.now() - this.#idleSinceMs >= LOOK_MS - 50;
  }
}
