const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Bounds of the native wire and of the HTTP port. Those that a transport's config can change are
 * defaults here; the others are the same everywhere, because both ends of a connection rely on
 * them.
 */
export const wireLimits = {
  /** Largest frame that is read or written, in bytes; one message must fit into one frame. */
  frameBytesMax: 4 * MIB,
  /** Deepest nesting of arrays and maps in a frame, counting the frame's own array. */
  frameDepthMax: 32,
  /** Most values (map keys included) in one frame. A value is about 50 bytes once decoded. */
  frameValuesMax: 512 * KIB,
  /** Most messages in one frame; more are split over several frames. */
  frameMessagesMax: 16 * KIB,
  /** Largest first frame (the hello), in bytes: nobody is known yet, so little is read. */
  helloBytesMax: 8 * KIB,
  /** Time from connection to a complete hello. */
  helloDeadlineMs: 10_000,
  /** A side that has nothing to say pings this often. */
  heartbeatMs: 5_000,
  /** Heartbeats that may be missed in a row before the other side counts as dead. */
  heartbeatsMissedMax: 3,
  /** Bytes that may wait for one reader before it is cut off as a slow reader. */
  peerQueueBytesMax: 16 * MIB,
  /** Connections at once, hellos in progress included. */
  connectionsMax: 65_536,
  /** Connections at once whose hello was not accepted yet, and those of one address. */
  unwelcomedMax: 4_096,
  unwelcomedPerAddressMax: 2_048,
  /**
   * Largest message of a WebSocket, in bytes; larger frames come in parts. What of a message has
   * come is held outside of what can be counted, so it is little.
   */
  messageBytesMax: 16 * KIB,
  /** Time for all parts of a frame to come. */
  frameDeadlineMs: 30_000,
  /** Bytes of unfinished frames, and of what slow readers have not read, of all connections. */
  heldBytesMax: 256 * MIB,
  /** First wait before a dialling side tries again; it doubles up to the longest. */
  redialMsMin: 100,
  redialMsMax: 30_000,
  /** Time for one attempt to dial, from TCP connect to welcome. */
  dialDeadlineMs: 10_000,
  /** Redirects followed in a row before the dialling side waits as after a failure. */
  redirectsMax: 5,
  /** Longest names, tokens and texts of the handshake, in characters. */
  nameCharsMax: 255,
  tokenCharsMax: 4 * KIB,
  textCharsMax: 4 * KIB,
  /** Bytes that may wait in an HTTP stream whose client does not read. */
  httpStreamBytesMax: 16 * MIB,
  /** Bytes that bodies and streams of all HTTP clients may hold together. */
  httpBytesMax: 128 * MIB,
  /** Time for one HTTP request body to arrive. */
  httpBodyDeadlineMs: 7_000,
  /** Time for a handler to answer, from the request's headers. */
  httpAnswerDeadlineMs: 60_000,
  /** Longest path of an HTTP request, in characters as sent. */
  httpPathCharsMax: 4 * KIB,
} as const;

/** Says which relation between the limits does not hold, or `undefined`; a test keeps it so. */
export function wireLimitsProblem(
  limits: Record<keyof typeof wireLimits, number>,
): string | undefined {
  if (limits.peerQueueBytesMax < 2 * limits.frameBytesMax) {
    return "a queue must hold two full frames, or one large message would cut its reader off";
  }
  if (limits.helloBytesMax > limits.frameBytesMax) return "a hello must fit into a frame";
  if (limits.helloBytesMax > limits.messageBytesMax) return "a hello comes in one message";
  if (limits.unwelcomedPerAddressMax > limits.unwelcomedMax) return "an address is one of all";
  if (limits.heldBytesMax < limits.frameBytesMax + limits.peerQueueBytesMax) {
    return "what all hold together must be what one may hold";
  }
  if (limits.tokenCharsMax + 3 * limits.nameCharsMax > limits.helloBytesMax) {
    return "a hello with the longest token and name must fit into its frame";
  }
  if (limits.redialMsMin > limits.redialMsMax) return "back-off must grow";
  if (limits.frameMessagesMax > limits.frameValuesMax) return "each message is a value";
  return undefined;
}
