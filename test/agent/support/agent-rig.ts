import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listPids, readEnvironment } from "../../../agent/containerizer/proc.ts";
import { removeFolder } from "../../../conformance/isolator/remove-folder.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { until } from "../../support/until.ts";
import { AgentProcess } from "./agent-process.ts";
import { StandInMaster } from "./stand-in-master.ts";

/** A stand-in master, and real agents that work in one temporary folder, one after the other. */
export class AgentRig {
  readonly folder = mkdtempSync(join(tmpdir(), "tepui-agent-"));
  readonly workDir = join(this.folder, "work");
  readonly master = new StandInMaster();
  readonly #agents: AgentProcess[] = [];

  async open(): Promise<this> {
    await this.master.open();
    return this;
  }

  /** Starts an agent with these settings, of which nobody knows whether it comes up. */
  startAside(settings: Readonly<Record<string, unknown>>, recover?: "cleanup"): AgentProcess {
    const all = {
      master: this.master.address,
      "listen.port": 0,
      workDir: this.workDir,
      resources: "cpus:4;mem:1024",
      registrationBackoffFactor: "1ms",
      "log.level": "warn",
      ...settings,
    };
    const agent = new AgentProcess(all, recover);
    this.#agents.push(agent);
    return agent;
  }

  /** Starts an agent with these settings and waits until it has registered. */
  async start(settings: Readonly<Record<string, unknown>> = {}): Promise<AgentProcess> {
    const { master } = this;
    const before = master.registrations.length;
    const agent = this.startAside(settings);
    await until("the agent has registered, or says why not", () => {
      if (agent.child.exitCode !== null) throw new Error(agent.output);
      return master.registrations.length > before && agent.address !== undefined;
    });
    return agent;
  }

  /** The last that was told of a task. */
  lastOf(task: string): TaskStatus | undefined {
    return this.master.statuses.get(task)?.at(-1);
  }

  /** The first status of a task that fits. */
  told(task: string, fits: (status: TaskStatus) => boolean): Promise<TaskStatus> {
    return until(task, () => this.master.statuses.get(task)?.find(fits));
  }

  /** How a task ended. */
  ended(task: string): Promise<TaskStatus> {
    return this.told(task, ({ state }) => isTerminal(state));
  }

  /** What an agent answers to a GET, as text. */
  async get(agent: AgentProcess, path: string): Promise<{ status: number; text: string }> {
    const answer = await fetch(`http://${agent.address}${path}`);
    return { status: answer.status, text: await answer.text() };
  }

  /** Processes that work in a sandbox of this rig. */
  left(): number[] {
    return listPids().filter((pid) =>
      readEnvironment(pid)?.includes(`MESOS_DIRECTORY=${this.folder}/`),
    );
  }

  async close(): Promise<void> {
    for (const agent of this.#agents.splice(0)) await agent.kill("SIGKILL");
    await this.master.close();
    for (const pid of this.left()) process.kill(pid, "SIGKILL");
    await removeFolder(this.folder);
  }
}
