import { errors } from "../contract/errors.ts";
import type { FrameworkCall } from "../contract/framework-api.ts";
import type { AgentId, ExecutorId, OfferId, RoleName, TaskId } from "../contract/ids.ts";
import type { Resources } from "../contract/resources.ts";
import type { OfferConstraints } from "../contract/schema/framework.ts";
import type { Offer, Operation } from "../contract/schema/offer.ts";
import type { TaskInfo } from "../contract/schema/task.ts";
import { type FrameworkOptions, frameworkInfo } from "./framework-info.ts";
import { checkOutgoing } from "./outgoing.ts";
import { Subscription } from "./subscription.ts";
import { type ExecutorRequest, executorInfo, type TaskRequest, taskInfo } from "./task-request.ts";

/** How the rest of an answered offer is treated. */
export interface AcceptOptions {
  /** How long what is left of the offers is not offered again; default 5 s (C7, C10). */
  readonly refuseMs?: number;
}

/**
 * A framework's connection to the master. It dials, subscribes, and after every break subscribes
 * again with the same framework id and reconciles the tasks that it launched; updates are
 * acknowledged unless options say otherwise.
 *
 * Calls answer false, and do nothing, while there is no subscription: what they are about (offers,
 * filters) ends with the connection anyway. Tasks of an `accept` that could not be sent are
 * reported by an `update` with TASK_DROPPED, so that no task is ever silently forgotten.
 *
 * Every call throws MESSAGE_INVALID when something in it has the wrong shape, and MESSAGE_TOO_LARGE
 * when it is to be sent and larger than a frame may be. Nothing was done then: offers are still to
 * be answered.
 */
export class Scheduler extends Subscription {
  #lastRequest = 0;
  /** What the master has taken of this framework. */
  #accepted: FrameworkOptions = this.options;
  /** What it was told beside and has not answered; a change must not undo another one. */
  #changes: readonly Partial<FrameworkOptions>[] = [];

  /** Launches tasks on the agent of the offers; what is left of the offers is given back. */
  launch(
    offers: Offer | readonly Offer[],
    tasks: readonly TaskRequest[],
    options: AcceptOptions = {},
  ): boolean {
    const list = "id" in offers ? [offers] : offers;
    return this.#launch(list, tasks, (infos) => ({ type: "LAUNCH", tasks: infos }), options);
  }

  /**
   * Launches tasks that live and die together, all of them or none (F24). They run under the
   * agent's built-in executor, or under one of the framework's own that has a command.
   */
  launchGroup(
    offers: Offer | readonly Offer[],
    executor: ExecutorRequest,
    tasks: readonly TaskRequest[],
    options: AcceptOptions = {},
  ): boolean {
    const list = "id" in offers ? [offers] : offers;
    const [first] = list;
    if (first === undefined) return false;
    const info = executorInfo(executor, first.frameworkId);
    const operation = (infos: TaskInfo[]): Operation => ({
      type: "LAUNCH_GROUP",
      executor: info,
      tasks: infos,
    });
    return this.#launch(list, tasks, operation, options);
  }

  #launch(
    offers: readonly Offer[],
    tasks: readonly TaskRequest[],
    operation: (infos: TaskInfo[]) => Operation,
    options: AcceptOptions,
  ): boolean {
    const agentId = offers[0]?.agentId;
    if (agentId === undefined) return false;
    const infos = tasks.map((task) => taskInfo(task, agentId));
    const ids = offers.map((offer) => offer.id);
    return this.accept(ids, [operation(infos)], options);
  }

  /** Answers offers of one agent and role with operations, which are applied in order (C5). */
  accept(
    offerIds: readonly string[],
    operations: readonly Operation[],
    { refuseMs }: AcceptOptions = {},
  ): boolean {
    const tasks = operations.flatMap((operation) => ("tasks" in operation ? operation.tasks : []));
    const isSent = this.#answer(offerIds, {
      type: "accept",
      offerIds: [...offerIds] as OfferId[],
      operations: [...operations],
      ...(refuseMs === undefined ? {} : { filters: { refuseMs } }),
    });
    for (const task of tasks) this.tasks.set(task.taskId, task.agentId);
    if (!isSent && tasks.length > 0) setImmediate(() => this.drop(tasks));
    return isSent;
  }

  /** Refuses offers; default for 5 s (C7). */
  decline(offerIds: string | readonly string[], { refuseMs }: AcceptOptions = {}): boolean {
    const list = typeof offerIds === "string" ? [offerIds] : offerIds;
    return this.#answer(list, {
      type: "decline",
      offerIds: [...list] as OfferId[],
      ...(refuseMs === undefined ? {} : { filters: { refuseMs } }),
    });
  }

  /** Agrees to an agent's unavailability; advisory (C15). */
  acceptInverseOffers(inverseOfferIds: readonly string[]): boolean {
    const ids = [...inverseOfferIds] as OfferId[];
    return this.send({ type: "accept-inverse-offers", inverseOfferIds: ids });
  }

  /** Objects to an agent's unavailability; advisory (C15). */
  declineInverseOffers(inverseOfferIds: readonly string[]): boolean {
    const ids = [...inverseOfferIds] as OfferId[];
    return this.send({ type: "decline-inverse-offers", inverseOfferIds: ids });
  }

  /**
   * Asks for a task to be killed; what became of it comes as an update. Kills are best effort and
   * not repeated (D10), so a caller that must be sure calls again.
   */
  kill(taskId: string, options: { agentId?: string; gracePeriodMs?: number } = {}): boolean {
    const { gracePeriodMs } = options;
    const agentId = (options.agentId as AgentId) ?? this.tasks.get(taskId as TaskId);
    return this.send({
      type: "kill",
      taskId: taskId as TaskId,
      ...(agentId === undefined ? {} : { agentId }),
      ...(gracePeriodMs === undefined ? {} : { killPolicy: { gracePeriodMs } }),
    });
  }

  /** Drops all filters of these roles (default all) and asks for offers (C11). */
  revive(roles?: readonly string[]): boolean {
    const isSent = this.send({ type: "revive", ...rolesOf(roles) });
    for (const role of this.#meant(roles)) this.suppressed.delete(role);
    return isSent;
  }

  /** Asks for no more offers in these roles (default all); kept over reconnections (C11). */
  suppress(roles?: readonly string[]): boolean {
    const isSent = this.send({ type: "suppress", ...rolesOf(roles) });
    for (const role of this.#meant(roles)) this.suppressed.add(role);
    return isSent;
  }

  /**
   * Says how much the framework wants beside what its tasks have, in each of its roles (C16): its
   * demand, for policies that go by demands, until the next request, update or subscription. With
   * nothing, the last request is taken back.
   */
  request(wanted: Resources): boolean {
    return this.send({ type: "request", requests: [{ resources: [...wanted] }] });
  }

  /**
   * Suppresses all roles while there is nothing to run and revives them when there is. Sends
   * something only when that changes, so it can be called after every event.
   */
  wantOffers(wanted: boolean): void {
    if (wanted && this.suppressed.size > 0) this.revive();
    const isOpen = (role: RoleName): boolean => !this.suppressed.has(role);
    if (!wanted && this.info.roles.some(isOpen)) this.suppress();
  }

  /**
   * Asks for the states of tasks: of those given, until each is answered, or of all that the
   * master knows when none are given (implicit, asked once) (D12, D13).
   */
  reconcile(tasks: readonly { taskId: string; agentId?: string }[] = []): void {
    const asked = tasks.map(({ taskId, agentId }) => ({
      taskId: taskId as TaskId,
      ...(agentId === undefined ? {} : { agentId: agentId as AgentId }),
    }));
    const call = { type: "reconcile", tasks: asked } as const;
    checkOutgoing("framework", call);
    if (asked.length === 0) this.send(call);
    else this.reconciliation.start(asked);
  }

  /** Sends bytes to a custom executor; not reliable. */
  message(agentId: string, executorId: string, data: Uint8Array): boolean {
    const to = { agentId: agentId as AgentId, executorId: executorId as ExecutorId };
    return this.send({ type: "message", ...to, data });
  }

  /** Shuts a custom executor down; its tasks end with it (D17). */
  shutdown(agentId: string, executorId: string): boolean {
    const of = { agentId: agentId as AgentId, executorId: executorId as ExecutorId };
    return this.send({ type: "shutdown", ...of });
  }

  /**
   * Changes what the master knows of this framework without a new subscription (B7); what is not
   * among the changes stays. Resolves when the master has taken it.
   * @throws the master's refusal, or REQUEST_INTERRUPTED.
   */
  updateFramework(
    changes: Partial<Omit<FrameworkOptions, "id">>,
    offerConstraints: OfferConstraints | undefined = this.constraints,
  ): Promise<void> {
    const all = [...this.#changes, changes];
    const described = Object.assign({}, this.#accepted, ...all) as FrameworkOptions;
    const { id } = this.info;
    const framework = frameworkInfo({ ...described, ...(id === undefined ? {} : { id }) });
    this.#changes = all;
    const suppressedRoles = framework.roles.filter((role) => this.suppressed.has(role));
    const requestId = ++this.#lastRequest;
    const constraints = offerConstraints === undefined ? {} : { offerConstraints };
    const call = { requestId, framework, suppressedRoles, ...constraints };
    const answered = new Promise<void>((resolve, reject) => {
      this.replies.set(requestId, (error) => (error === undefined ? resolve() : reject(error)));
      if (this.send({ type: "update-framework", ...call })) return;
      throw errors.REQUEST_INTERRUPTED("update-framework");
    });
    return answered.then(
      () => {
        this.info = framework;
        this.constraints = offerConstraints;
        this.#accepted = { ...this.#accepted, ...changes };
        this.#settled(changes);
      },
      (error) => {
        this.replies.delete(requestId);
        this.#settled(changes);
        throw error;
      },
    );
  }

  /**
   * Ends the framework: its tasks are killed and its id is never valid again (B8). Resolves to
   * false when there was no subscription to say so on: then it is as after `stop`.
   */
  async teardown(): Promise<boolean> {
    const isSent = this.send({ type: "teardown" });
    await this.stop();
    return isSent;
  }

  /** Roles of the framework, and those that it has asked for beside. */
  get #roles(): ReadonlySet<string> {
    return new Set([...this.info.roles, ...this.#changes.flatMap(({ roles = [] }) => roles)]);
  }

  /**
   * Roles that a call is about: none when one of them is not the framework's, since the master
   * refuses the whole call then, and would refuse a subscription that repeats it.
   */
  #meant(roles: readonly string[] = []): RoleName[] {
    const known = this.#roles;
    if (roles.length === 0) return [...known] as RoleName[];
    return roles.every((role) => known.has(role)) ? ([...roles] as RoleName[]) : [];
  }

  /** A change was answered: a role that left the framework with it is not suppressed any more. */
  #settled(changes: Partial<FrameworkOptions>): void {
    this.#changes = this.#changes.filter((each) => each !== changes);
    const known = this.#roles;
    for (const role of this.suppressed) if (!known.has(role)) this.suppressed.delete(role);
  }

  /** Sends an answer to offers; they are answered once it is known to be one that can be sent. */
  #answer(offerIds: readonly string[], call: FrameworkCall): boolean {
    const isSent = this.send(call);
    for (const id of offerIds) this.offers.delete(id as OfferId);
    return isSent;
  }
}

function rolesOf(roles: readonly string[] | undefined): { roles?: RoleName[] } {
  return roles === undefined ? {} : { roles: [...roles] as RoleName[] };
}
