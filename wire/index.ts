import { type Logger, silentLog } from "../contract/ports/log.ts";
import type { DialOptions, Link, LinkHandlers } from "../contract/ports/transport.ts";
import { dialLink } from "./link.ts";
import type { LinkEnvironment } from "./link-socket.ts";
import { systemClock } from "./system-clock.ts";
import { openWebSocket } from "./ws-socket.ts";

export { redirectUrl, urlOf } from "./address.ts";
export { redialDelayMs } from "./back-off.ts";
export { type BuildInfo, buildInfo, softwareVersion } from "./build-info.ts";
export { type Decoded, decodeFrame, encodeFrames, FrameWriter, frameLimits } from "./codec.ts";
export { needRoom } from "./disk-room.ts";
export { makeConfigFolder, makeFolder } from "./folder.ts";
export { lockFolder } from "./folder-lock.ts";
export { type FrameLimits, type FrameRefusal, frameProblem } from "./guard.ts";
export { type HubEnvironment, type HubSettings, hubSettings, SessionHub } from "./hub.ts";
export { Inbox, type InboxLimits } from "./inbox.ts";
export { lentPorts, WIRE, type WireTools } from "./lent-ports.ts";
export { dialLink } from "./link.ts";
export type {
  LinkEnvironment,
  LinkSocket,
  LinkSocketEvents,
  OpenSocket,
} from "./link-socket.ts";
export { checkLmdbFile } from "./lmdb-file.ts";
export { ownUser } from "./own-user.ts";
export { removeTree, removeTreeSync } from "./remove-tree.ts";
export { Session } from "./session.ts";
export { type SendOutcome, type SessionSocket, shortReason } from "./session-socket.ts";
export { systemClock } from "./system-clock.ts";
export { openWebSocket } from "./ws-socket.ts";

/**
 * Dials a master or an agent over WebSockets, with the machine's clock and randomness unless others
 * are given.
 * @throws ADDRESS_INVALID
 */
export function dial(
  options: DialOptions,
  handlers: LinkHandlers,
  environment: Partial<LinkEnvironment> & { readonly log?: Logger } = {},
): Link {
  return dialLink(options, handlers, {
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    open: openWebSocket,
    ...environment,
  });
}
