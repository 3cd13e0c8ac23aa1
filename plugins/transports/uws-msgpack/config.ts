import { wireLimits } from "../../../contract/limits/wire.ts";
import { type Static, Type } from "../../../contract/typebox.ts";

const bytes = (fallback: number, minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 2 ** 30, default: fallback, description });

/** The plugin's config; `plugin.json` carries the same schema, and a test holds them together. */
export const UwsConfig = Type.Object(
  {
    host: Type.String({
      default: "127.0.0.1",
      description: "Address to listen on. Anything but a loopback address needs authentication.",
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: 5050,
      description: "0: a free one.",
    }),
    tls: Type.Optional(
      Type.Object(
        {
          keyFile: Type.String({ description: "PEM file of the private key." }),
          certFile: Type.String({ description: "PEM file of the certificate and its chain." }),
          passphrase: Type.Optional(Type.String({ description: "Opens the private key." })),
        },
        { additionalProperties: false, description: "Serve wss and https instead of ws and http." },
      ),
    ),
    frameBytesMax: bytes(
      wireLimits.frameBytesMax,
      wireLimits.frameBytesMax,
      "Largest frame, in bytes. The largest task and its framework fit the least.",
    ),
    queueBytesMax: bytes(
      wireLimits.peerQueueBytesMax,
      2 * wireLimits.frameBytesMax,
      "Bytes that may wait for one peer before it is cut off. At least two frames.",
    ),
    helloDeadlineMs: Type.Integer({
      minimum: 10,
      maximum: 600_000,
      default: wireLimits.helloDeadlineMs,
      description: "Time from connection to an accepted hello.",
    }),
    heartbeatMs: Type.Integer({
      minimum: 10,
      maximum: 200_000,
      default: wireLimits.heartbeatMs,
      description: "How often peers are pinged; three missed pings end a connection.",
    }),
    connectionsMax: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: wireLimits.connectionsMax,
      description: "Native connections at once.",
    }),
    connectionsPerAddressMax: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 0,
      description: "Native connections from one address at once; 0: as many as there are in all.",
    }),
    unwelcomedMax: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: wireLimits.unwelcomedMax,
      description:
        "Native connections at once whose hello was not accepted yet. What each of them may make " +
        "the server hold is one message of 16 KiB.",
    }),
    unwelcomedPerAddressMax: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: wireLimits.unwelcomedPerAddressMax,
      description: "The same, of one address.",
    }),
    heldBytesMax: bytes(
      wireLimits.heldBytesMax,
      2 * wireLimits.frameBytesMax,
      "Bytes that all native connections may hold together: frames that have come in part, and " +
        "what peers that are behind have not read. Beyond, those with much of it are cut off.",
    ),
    pageHosts: Type.Array(Type.String({ minLength: 1, pattern: "^[a-z0-9.-]+$" }), {
      default: [],
      description:
        "Names, without port and in lower case, under which web pages that call this server are " +
        "loaded from it, beside those of its machine. Pages of any other name are refused.",
    }),
    httpBodyDeadlineMs: Type.Integer({
      minimum: 10,
      maximum: 600_000,
      default: wireLimits.httpBodyDeadlineMs,
      description: "Time for the body of an HTTP request to arrive.",
    }),
    httpAnswerDeadlineMs: Type.Integer({
      minimum: 10,
      maximum: 3_600_000,
      default: wireLimits.httpAnswerDeadlineMs,
      description: "Time for an HTTP request to be answered.",
    }),
    httpStreamBytesMax: bytes(
      wireLimits.httpStreamBytesMax,
      64 * 1024,
      "Bytes that may wait in an HTTP stream whose client does not read, before it is cut off.",
    ),
    httpBytesMax: bytes(
      wireLimits.httpBytesMax,
      16 * 1024 * 1024,
      "Bytes that bodies and streams of all HTTP clients may hold together. Beyond, large bodies " +
        "are refused and readers that are behind are cut off.",
    ),
  },
  { additionalProperties: false },
);

/** The plugin's config with its defaults filled in. */
export type UwsConfig = Static<typeof UwsConfig>;
