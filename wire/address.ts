import { dialUrl } from "../contract/address.ts";
import { errors } from "../contract/errors.ts";

/**
 * The WebSocket URL of an address; see `dialUrl`.
 * @throws ADDRESS_INVALID
 */
export function urlOf(address: string, scheme: "ws" | "wss" = "ws"): string {
  const url = dialUrl(address, scheme);
  if (url === undefined) throw errors.ADDRESS_INVALID(address);
  return url;
}

/**
 * Where a redirect leads, or `undefined` for one that must not be followed: text that is no
 * address, or a way from an encrypted connection to a plain one, which would give the token away.
 */
export function redirectUrl(redirect: string, fromUrl: string): string | undefined {
  const from = fromUrl.startsWith("wss:") ? "wss" : "ws";
  const url = dialUrl(redirect, from);
  return from === "wss" && url?.startsWith("wss:") !== true ? undefined : url;
}
