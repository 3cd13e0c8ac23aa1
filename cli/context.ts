import { Socket } from "node:net";
import { errors } from "../contract/errors.ts";
import { masterAddresses, OperatorClient } from "../sdk/index.ts";
import type { Output } from "./output.ts";

/** What a command works with. */
export interface Context {
  readonly out: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C or a signal to end. */
  readonly signal: AbortSignal;
}

/** Options that every command understands. */
export interface CommonOptions {
  readonly master?: string;
}

/** The masters that a command talks to: `--master`, else `TEPUI_MASTER`, else the default. */
export function mastersOf(context: Context, options: CommonOptions): readonly string[] {
  return masterAddresses(options.master ?? context.environment["TEPUI_MASTER"]);
}

/**
 * Makes sure that something listens at one of the addresses, so that a wrong address is told at
 * once and not after the patience of a client that waits for masters to come back.
 * @throws MASTER_UNREACHABLE, ADDRESS_INVALID
 */
export async function reachMaster(context: Context, options: CommonOptions): Promise<string[]> {
  const masters = mastersOf(context, options);
  const reasons = await Promise.all(masters.map((address) => knock(address)));
  if (reasons.includes(undefined)) return [...masters];
  throw errors.MASTER_UNREACHABLE(masters.join(", "), reasons[0] ?? "no answer");
}

/** Runs something with a connection to the master, and closes it. */
export async function withMaster<Result>(
  context: Context,
  options: CommonOptions,
  act: (client: OperatorClient) => Promise<Result>,
): Promise<Result> {
  const masters = await reachMaster(context, options);
  const client = await OperatorClient.connect({ masters, name: "tepui" });
  const abort = (): void => void client.close();
  context.signal.addEventListener("abort", abort, { once: true });
  try {
    return await act(client);
  } finally {
    context.signal.removeEventListener("abort", abort);
    await client.close();
  }
}

/** Why nothing can be reached at an address, or `undefined` when something can. */
function knock(address: string): Promise<string | undefined> {
  const text = /^wss?:\/\//.test(address) ? address : `ws://${address}`;
  if (!URL.canParse(text)) throw errors.ADDRESS_INVALID(address);
  const url = new URL(text);
  const port = Number(url.port || (url.protocol === "wss:" ? 443 : 80));
  return new Promise((resolve) => {
    const socket = new Socket();
    const answer = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(4_000, () => answer("no answer within 4 s"));
    socket.once("connect", () => answer(undefined));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      answer(error.code === "ECONNREFUSED" ? "connection refused" : error.message),
    );
    socket.connect(port, url.hostname.replace(/^\[|\]$/g, ""));
  });
}
