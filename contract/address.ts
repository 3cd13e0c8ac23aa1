import { WIRE_PATH } from "./wire-protocol.ts";

/** Where something listens or is reached. The host is without brackets, also an IPv6 one. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A host as it was written, without the brackets of an IPv6 address. */
export function bareHost(host: string): string {
  return /^\[(.+)\]$/.exec(host)?.[1] ?? host;
}

/** `host:port`, IPv6 addresses in brackets, for URLs and for people. */
export function hostPort(host: string, port: number): string {
  const bare = bareHost(host);
  return `${bare.includes(":") ? `[${bare}]` : bare}:${port}`;
}

/** Reads `host:port` or `[IPv6]:port`; `undefined` for anything else, a bare IPv6 address too. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, six, other, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? other;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/**
 * The WebSocket URL of an address: `host:port`, `ws://host:port` or `wss://host:port`, IPv6 in
 * brackets. An address without a scheme takes `scheme`. `undefined` for anything else.
 */
export function dialUrl(address: string, scheme: "ws" | "wss" = "ws"): string | undefined {
  const text = /^wss?:\/\//.test(address) ? address : `${scheme}://${address}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const bare = (url.pathname === "/" || url.pathname === WIRE_PATH) && url.search === "";
  if (!bare || url.hostname === "" || url.username !== "" || url.hash !== "") return undefined;
  url.pathname = WIRE_PATH;
  return url.href;
}

/** True for addresses that mean every address of the machine: good to listen on, not to dial. */
export function isAnyAddress(host: string): boolean {
  return /^(0\.0\.0\.0|[0:]*:[0:]*)$/.test(bareHost(host));
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|(0{1,4}:){7}0{0,3}1)$/i.test(bareHost(host));
}
