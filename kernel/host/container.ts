import "reflect-metadata";
import { type DependencyContainer, instanceCachingFactory, container as root } from "tsyringe";
import { errors } from "../../contract/errors.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";
import type { PluginContext, Port } from "../../contract/ports/plugin.ts";
import type { AdmittedPlugin } from "./candidate.ts";

/** What every plugin is given besides its ports. */
export interface Surroundings {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

const LOG = Symbol("log");
const METRICS = Symbol("metrics");
const CLOCK = Symbol("clock");
const CONFIG = Symbol("config");
const CONTEXT = Symbol("context");

/** What is registered under a port's token: what it is and who offers it. */
interface Offer {
  readonly by: string;
  readonly value: unknown;
}

function token(port: string): string {
  return `port:${port}`;
}

function offersOf(container: DependencyContainer, port: string): readonly Offer[] {
  const name = token(port);
  return container.isRegistered(name, true) ? container.resolveAll<Offer>(name) : [];
}

/** The only offer of a port; PORT_MISSING or PORT_AMBIGUOUS when there is none or more than one. */
function onlyOffer(container: DependencyContainer, port: string): unknown {
  const offers = offersOf(container, port);
  if (offers.length > 1)
    throw errors.PORT_AMBIGUOUS(
      port,
      offers.map(({ by }) => by),
    );
  const [only] = offers;
  if (only === undefined) throw errors.PORT_MISSING(port);
  return only.value;
}

/** The container of the whole host: its ports, and below it one child container a plugin. */
export class HostContainer {
  readonly #container: DependencyContainer = root.createChildContainer();

  constructor(surroundings: Surroundings, provided: Readonly<Record<string, unknown>>) {
    this.#container.register(LOG, { useValue: surroundings.log });
    this.#container.register(METRICS, { useValue: surroundings.metrics });
    this.#container.register(CLOCK, { useValue: surroundings.clock });
    for (const [port, value] of Object.entries(provided)) this.offer(port, () => value, "the host");
  }

  /** Registers a port of a plugin; `value` is asked for when somebody uses the port. */
  offer(port: string, value: () => unknown, by: string): void {
    this.#container.register<Offer>(token(port), { useFactory: () => ({ by, value: value() }) });
  }

  /**
   * What is behind a port.
   * @throws PORT_MISSING, PORT_AMBIGUOUS
   */
  use<T>(port: Port<T>): T {
    return onlyOffer(this.#container, port.name) as T;
  }

  /** All that is behind a port, in the order of registration. */
  useAll<T>(port: Port<T>): readonly T[] {
    return offersOf(this.#container, port.name).map(({ value }) => value as T);
  }

  /** The context of a plugin, made in a child container of its own. */
  contextFor(plugin: AdmittedPlugin): PluginContext {
    const child = this.#container.createChildContainer();
    const { requires = [], optional = [] } = plugin.manifest;
    const declared = new Set([...requires, ...optional]);
    const checkDeclared = (port: string): void => {
      if (!declared.has(port)) throw errors.PORT_NOT_DECLARED(plugin.name, port);
    };
    child.register(CONFIG, { useValue: plugin.config });
    child.register<PluginContext>(CONTEXT, {
      useFactory: instanceCachingFactory((own) => ({
        name: plugin.name,
        config: own.resolve(CONFIG),
        log: own.resolve<Logger>(LOG).child({ plugin: plugin.name }),
        metrics: own.resolve<Metrics>(METRICS),
        clock: own.resolve<Clock>(CLOCK),
        use<T>(port: Port<T>): T {
          checkDeclared(port.name);
          return onlyOffer(own, port.name) as T;
        },
        useAll<T>(port: Port<T>): readonly T[] {
          checkDeclared(port.name);
          return offersOf(own, port.name).map(({ value }) => value as T);
        },
      })),
    });
    return child.resolve<PluginContext>(CONTEXT);
  }

  /** Forgets everything that is registered. */
  clear(): void {
    this.#container.clearInstances();
    this.#container.reset();
  }
}
