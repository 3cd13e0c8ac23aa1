import { errors } from "../contract/errors.ts";
import { ERRORS, type Port, port } from "../contract/ports/plugin.ts";
import { closeCodeOf } from "../contract/wire-protocol.ts";
import { hubSettings, SessionHub } from "./hub.ts";
import { dialLink } from "./link.ts";

/**
 * What a native transport over another kind of socket is made of: the server's sessions and the
 * dialling link, which know the protocol and no socket.
 */
const wireTools = { SessionHub, hubSettings, dialLink, closeCodeOf } as const;

/** See `WIRE`. */
export type WireTools = typeof wireTools;

/** The port of what native transports are made of. */
export const WIRE: Port<WireTools> = port<WireTools>("wire");

/**
 * Ports under which every process lends code of its own to plugins from elsewhere. They have the
 * very code of the process that loads them, and need nothing installed beside them.
 */
export const lentPorts: Readonly<Record<string, unknown>> = {
  [WIRE.name]: wireTools,
  [ERRORS.name]: errors,
};
