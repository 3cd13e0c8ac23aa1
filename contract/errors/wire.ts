import { hostPort } from "../address.ts";
import { type FaultTable, fault } from "./fault.ts";

/** Refusals of what arrives over a connection, and of what cannot leave over one. */
export const wireErrors = {
  MESSAGE_INVALID: (message: string, where?: string) =>
    fault("MESSAGE_INVALID", 400, message, { where }),
  MESSAGE_TYPE_UNKNOWN: (type: string, peer: string) =>
    fault("MESSAGE_TYPE_UNKNOWN", 400, `no message of type "${type}" is taken from ${peer} peers`, {
      where: "/type",
    }),
  MESSAGE_UNENCODABLE: (type: string, reason: string) =>
    fault("MESSAGE_UNENCODABLE", 500, `a message of type "${type}" cannot be encoded: ${reason}`, {
      hint: "messages hold maps, arrays, strings, numbers (integers below 2^53), bytes, null",
    }),
  MESSAGE_TOO_LARGE: (type: string, bytes: number, bytesMax: number) =>
    fault(
      "MESSAGE_TOO_LARGE",
      413,
      `a message of type "${type}" has ${bytes} bytes, a frame holds ${bytesMax}`,
      { hint: "send less at once, or raise frameBytesMax on both sides" },
    ),
  VERSION_UNKNOWN: (version: number, spoken: number) =>
    fault("VERSION_UNKNOWN", 400, `protocol version ${version} is not spoken here`, {
      where: "/tepui",
      hint: `this side speaks version ${spoken}`,
    }),
  HELLO_INVALID: (message: string, where: string) =>
    fault("HELLO_INVALID", 400, `the hello is not one: ${where} ${message}`, { where }),
  PEER_KIND_REFUSED: (kind: string, taken: readonly string[]) =>
    fault("PEER_KIND_REFUSED", 403, `${kind} peers are not served here`, {
      where: "/peer",
      hint: `served are: ${taken.join(", ")}`,
    }),
  LISTEN_FAILED: (host: string, port: number) =>
    fault("LISTEN_FAILED", 500, `cannot listen on ${hostPort(host, port)}`, {
      where: hostPort(host, port),
      hint: "the port may be taken, or the address is elsewhere; port 0 takes a free one",
    }),
  TLS_INVALID: (reason: string) =>
    fault("TLS_INVALID", 500, `TLS cannot be set up: ${reason}`, {
      where: "/tls",
      hint: "keyFile and certFile name readable PEM files that belong together",
    }),
  ADDRESS_INVALID: (address: string) =>
    fault("ADDRESS_INVALID", 400, `"${address}" is not an address to dial`, {
      where: address,
      hint: "write host:port, ws://host:port or wss://host:port",
    }),
  ROUTE_TAKEN: (method: string, path: string) =>
    fault("ROUTE_TAKEN", 500, `${method} ${path} already has a handler`, { where: path }),
  PAGE_FOREIGN: (origin: string) =>
    fault("PAGE_FOREIGN", 403, "web pages of other hosts may not call this server", {
      where: origin.slice(0, 200),
      hint: "names of pages that may stand in `pageHosts` of uws-msgpack",
    }),
  ROUTE_UNKNOWN: (path: string) =>
    fault("ROUTE_UNKNOWN", 404, `nothing is served at ${path}`, { where: path }),
  PATH_INVALID: (reason: string) =>
    fault("PATH_INVALID", 400, `the path of the request is not usable: ${reason}`),
  METHOD_NOT_ALLOWED: (method: string, path: string, allowed: string) =>
    fault("METHOD_NOT_ALLOWED", 405, `${method} is not taken at ${path}`, {
      where: path,
      hint: `allowed: ${allowed}`,
    }),
  BODY_TOO_LARGE: (bytesMax: number) =>
    fault("BODY_TOO_LARGE", 413, `the body has more than ${bytesMax} bytes`),
  BODY_LATE: (deadlineMs: number) =>
    fault("BODY_LATE", 408, `the body did not arrive within ${deadlineMs} ms`),
  BODY_NO_ROOM: (bytesMax: number) =>
    fault(
      "BODY_NO_ROOM",
      503,
      `others fill the ${bytesMax} bytes that there are for all requests`,
      {
        hint: "send it again later",
      },
    ),
  ANSWER_LATE: (deadlineMs: number) =>
    fault("ANSWER_LATE", 504, `the request was not answered within ${deadlineMs} ms`),
  REQUEST_ABORTED: () => fault("REQUEST_ABORTED", 499, "the client went away"),
  HANDLER_FAILED: () =>
    fault("HANDLER_FAILED", 500, "the request could not be served, by a mistake on this side"),
  METHOD_UNKNOWN: (method: string, hint?: string) =>
    fault("METHOD_UNKNOWN", 400, `there is no operator method "${method}"`, {
      where: "/method",
      hint,
    }),
  PARAMS_INVALID: (method: string, message: string, where?: string) =>
    fault("PARAMS_INVALID", 400, `${method}: ${message}`, { where: `/params${where ?? ""}` }),
  INTERNAL: (reason: string) =>
    fault("INTERNAL", 500, `a mistake on this side: ${reason}`, {
      hint: "please report it with the log around this moment",
    }),
} satisfies FaultTable;
