import { errors } from "../contract/errors.ts";
import { WIRE_PATH } from "../contract/wire-protocol.ts";

/**
 * The WebSocket URL of an address: `host:port`, `ws://host:port` or `wss://host:port`, IPv6 in
 * brackets. An address without a scheme takes `scheme`.
 * @throws ADDRESS_INVALID
 */
export function urlOf(address: string, scheme: "ws" | "wss" = "ws"): string {
  const text = /^wss?:\/\//.test(address) ? address : `${scheme}://${address}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw errors.ADDRESS_INVALID(address);
  }
  const bare = (url.pathname === "/" || url.pathname === WIRE_PATH) && url.search === "";
  if (!bare || url.hostname === "" || url.username !== "" || url.hash !== "") {
    throw errors.ADDRESS_INVALID(address);
  }
  url.pathname = WIRE_PATH;
  return url.href;
}

/**
 * Where a redirect leads, or `undefined` for one that must not be followed: text that is no
 * address, or a way from an encrypted connection to a plain one, which would give the token away.
 */
export function redirectUrl(redirect: string, fromUrl: string): string | undefined {
  const from = fromUrl.startsWith("wss:") ? "wss" : "ws";
  try {
    const url = urlOf(redirect, from);
    return from === "wss" && !url.startsWith("wss:") ? undefined : url;
  } catch {
    return undefined;
  }
}
