import { errors, type TepuiError } from "../contract/errors.ts";
import type { DialOptions, Link, LinkHandlers } from "../contract/ports/transport.ts";
import type { CloseReason } from "../contract/wire-protocol.ts";
import { dial as dialWebSocket } from "../wire/index.ts";

/** Opens a connection that heals itself; tests hand in one of their own. */
export type Dial = (options: DialOptions, handlers: LinkHandlers) => Link;

/** Name and version that clients of this library say hello with. */
export const SOFTWARE = "tepui-sdk/0.1.0";

/** Where a master is looked for when nobody says. */
export const DEFAULT_MASTER = "127.0.0.1:5050";

/** How a client finds its server, common to all clients. */
export interface ConnectOptions {
  /**
   * `host:port` of the masters (5050 without a port), tried in turn; one string may list several,
   * separated by commas. A standby names the leader, which is followed. Default `TEPUI_MASTER`,
   * else 127.0.0.1:5050.
   */
  readonly masters?: string | readonly string[];
  /** Sent with the hello where masters ask for it. Default `TEPUI_TOKEN`. */
  readonly token?: string;
  /** PEM text of the authorities to trust for `wss://` addresses. */
  readonly trust?: string;
  /** First and longest wait before dialling again; defaults 100 ms and 30 s, with jitter. */
  readonly redialMsMin?: number;
  readonly redialMsMax?: number;
  readonly dial?: Dial;
}

/** The addresses of the masters that options or the environment name. */
export function masterAddresses(masters?: string | readonly string[]): readonly string[] {
  const given = masters ?? process.env["TEPUI_MASTER"] ?? DEFAULT_MASTER;
  const list = typeof given === "string" ? given.split(",") : given;
  const addresses = list.map((one) => withPort(one.trim())).filter((one) => one !== "");
  return addresses.length === 0 ? [DEFAULT_MASTER] : addresses;
}

/** A master that is named without a port is meant to have the usual one. */
function withPort(address: string): string {
  const isBare = /^([\w.-]+|\[[0-9a-f:.]+\])$/i.test(address);
  return isBare ? `${address}:5050` : address;
}

/** What is said when no master answered in time, with how the last attempt ended. */
export function unreachable(
  masters: string | readonly string[] | undefined,
  withinMs: number,
  failed: CloseReason | undefined,
): TepuiError {
  const last = failed === undefined ? "" : ` (${failed.message})`;
  const addresses = masterAddresses(masters).join(", ");
  return errors.MASTER_UNREACHABLE(addresses, `nothing within ${withinMs} ms${last}`);
}

/** Dials by the options: the WebSocket link of wire/ unless another dialler is given. */
export function connect(
  options: ConnectOptions,
  hello: Pick<DialOptions, "peer" | "name" | "addresses">,
  handlers: LinkHandlers,
): Link {
  const dial = options.dial ?? ((dialled, given) => dialWebSocket(dialled, given));
  const token = options.token ?? process.env["TEPUI_TOKEN"];
  const { trust, redialMsMin, redialMsMax } = options;
  return dial(
    {
      ...hello,
      software: SOFTWARE,
      ...(token === undefined || token === "" ? {} : { token }),
      ...(trust === undefined ? {} : { trust }),
      ...(redialMsMin === undefined ? {} : { redialMsMin }),
      ...(redialMsMax === undefined ? {} : { redialMsMax }),
    },
    handlers,
  );
}
