import type { MasterOptions } from "../context.ts";
import type { CredentialsOptions } from "../credentials.ts";

/** Options of `tepui run`. Amounts are whole cpus and MiB, with up to three decimals. */
export interface RunOptions extends MasterOptions, CredentialsOptions {
  readonly name?: string;
  readonly cpus: number;
  readonly mem: number;
  readonly disk?: number;
  readonly gpus?: number;
  readonly count?: number;
  readonly file?: string;
  readonly group?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly role: string;
  readonly priority?: number;
  readonly retries: number;
  readonly user?: string;
  readonly image?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly attr?: Readonly<Record<string, string>>;
  readonly concurrency?: number;
  readonly uri?: readonly string[];
  readonly healthCmd?: string;
  /** `PORT[/PATH]`. */
  readonly healthHttp?: string;
  readonly healthTcp?: number;
  /** Milliseconds, as the other times of health checks. */
  readonly healthDelay?: number;
  readonly healthInterval?: number;
  readonly healthTimeout?: number;
  readonly healthGrace?: number;
  readonly healthFailures?: number;
}
