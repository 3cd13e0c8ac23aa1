import uws, {
  type HttpRequest,
  type HttpResponse,
  type TemplatedApp,
  type us_listen_socket,
  type us_socket_context_t,
  type WebSocketBehavior,
} from "uWebSockets.js";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { createSecureContext } from "node:tls";
import { errors, reasonOf } from "../../../contract/errors.ts";
import { wireLimits } from "../../../contract/limits/wire.ts";
import type {
  ListenAddress,
  ListenOptions,
  TransportHandlers,
  TransportServer,
} from "../../../contract/ports/transport.ts";
import { closeCodeOf, PARTS_HEADER, WIRE_PATH } from "../../../contract/wire-protocol.ts";
import { type HubEnvironment, type HubSettings, SessionHub } from "../../../wire/index.ts";
import type { UwsRouter } from "./http-server.ts";
import { isUntold, TOLD_PART, untoldWords, WholePlaces } from "./large-frames.ts";
import { type UserData, UwsSocket } from "./uws-socket.ts";

/** Where and how the server listens, beside the settings of its sessions. */
export interface UwsServerSettings extends HubSettings {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsSettings;
}

/** PEM files of the server's own certificate. */
export interface TlsSettings {
  readonly keyFile: string;
  readonly certFile: string;
  readonly passphrase?: string;
}

/**
 * LIBUS_LISTEN_EXCLUSIVE_PORT, which the type declarations place elsewhere than the library does.
 */
const EXCLUSIVE_PORT = 1;

/** Every path beside the wire's own, and that. */
const WIDER_PATH = `${posix.dirname(WIRE_PATH)}/*`;

/** uWebSockets.js looks this often for sockets whose deadline has passed, in seconds. */
const IDLE_STEP_S = 4;

/** How long what was said last may take to leave before the sockets are closed under it. */
const LINGER_MS = 200;

/**
 * The one place that listens with uWebSockets.js, and the owner of what is dangerous about them:
 *
 * 1. a message's memory is taken back when its callback returns, so frames are decoded inside the
 *    callback;
 * 2. a request that neither answers nor registers `onAborted` ends the process, so `UwsExchange`
 *    does it first;
 * 3. a response or socket that is touched after its end throws, so each wrapper forgets it at its
 *    end;
 * 4. a message beyond `maxBackpressure` vanishes without a word, so that bound lies above our own,
 *    and a drop that happens all the same cuts the peer.
 */
export class UwsServer implements TransportServer {
  readonly #settings: UwsServerSettings;
  readonly #environment: HubEnvironment;
  readonly #router: UwsRouter;
  #app: TemplatedApp | undefined;
  #listening: us_listen_socket | undefined;
  #hub: SessionHub | undefined;

  constructor(settings: UwsServerSettings, environment: HubEnvironment, router: UwsRouter) {
    this.#settings = settings;
    this.#environment = environment;
    this.#router = router;
  }

  async listen(options: ListenOptions, handlers: TransportHandlers): Promise<ListenAddress> {
    if (this.#app !== undefined) throw new Error("a server listens once");
    const host = options.host ?? this.#settings.host;
    const port = options.port ?? this.#settings.port;
    const app = createApp(this.#settings.tls);
    this.#app = app;
    const { messageBytesMax } = wireLimits;
    const settings = { ...this.#settings, messageBytesMax };
    const hub = new SessionHub(settings, this.#environment, options.peers, handlers);
    this.#hub = hub;
    this.#serveSockets(app, hub);
    app.any("/*", (response, request) => this.#router.serve(response, request));
    const socket = await listenOn(app, host, port);
    if (!socket) {
      await hub.close(0);
      this.#app = undefined;
      this.#hub = undefined;
      throw errors.LISTEN_FAILED(host, port);
    }
    this.#listening = socket;
    return { host, port: uws.us_socket_local_port(socket) };
  }

  flushAll(): void {
    this.#hub?.flushAll();
  }

  async close(deadlineMs: number): Promise<void> {
    const app = this.#app;
    if (app === undefined) return;
    this.#app = undefined;
    if (this.#listening !== undefined) uws.us_listen_socket_close(this.#listening);
    this.#listening = undefined;
    const wasUsed = (this.#hub?.size ?? 0) + this.#router.size > 0;
    this.#router.stop();
    await this.#hub?.close(deadlineMs);
    // uWebSockets.js reports a socket closed as soon as it is told to close it, while the last
    // frame is on its way.
    if (wasUsed) await this.#pause(Math.min(deadlineMs, LINGER_MS));
    app.close();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#environment.clock.after(ms, resolve);
    });
  }

  #serveSockets(app: TemplatedApp, hub: SessionHub): void {
    const { clock } = this.#environment;
    const { frameBytesMax, heartbeatMs } = this.#settings;
    const { messageBytesMax } = wireLimits;
    // Each route has a limit of its own. A request that the first does not take goes on to the
    // second, which has to be a wider one: of two for the same path only the last would be kept.
    const wholes = new WholePlaces(clock, (idleSeconds(heartbeatMs) + IDLE_STEP_S) * 1000);
    app.ws<UserData>(WIRE_PATH, this.#behavior(hub, TOLD_PART * frameBytesMax, wholes));
    app.ws<UserData>(WIDER_PATH, this.#behavior(hub, messageBytesMax, undefined));
  }

  /** `wholes` has the places of those who send large messages; without it nobody does. */
  #behavior(
    hub: SessionHub,
    maxPayloadLength: number,
    wholes: WholePlaces | undefined,
  ): WebSocketBehavior<UserData> {
    const { frameBytesMax, queueBytesMax, heartbeatMs } = this.#settings;
    return {
      compression: uws.DISABLED,
      maxPayloadLength,
      maxBackpressure: queueBytesMax + 2 * frameBytesMax,
      // A backstop behind the hub's heartbeat, for sockets that it has closed and whose peers do
      // not go.
      idleTimeout: idleSeconds(heartbeatMs),
      sendPingsAutomatically: false,
      upgrade: (response, request, context) =>
        upgrade(hub, this.#router, wholes, response, request, context),
      open: (ws) => {
        const data = ws.getUserData();
        data.socket = new UwsSocket(ws);
        data.session = hub.admit(data.socket);
      },
      message: (ws, bytes, isBinary) => {
        const { session, whole } = ws.getUserData();
        if (whole !== undefined) {
          whole.largest = Math.max(whole.largest, bytes.byteLength);
          whole.isTaking = true;
        }
        session?.onFrame(new Uint8Array(bytes), isBinary);
        if (whole !== undefined) whole.isTaking = false;
      },
      ping: (ws) => ws.getUserData().session?.onAlive(),
      pong: (ws) => ws.getUserData().session?.onAlive(),
      drain: (ws) => ws.getUserData().session?.onDrained(),
      close: (ws, number, reason) => {
        const { session, socket, whole } = ws.getUserData();
        if (whole !== undefined) {
          // Ended in answer to a message, it holds no more than its largest.
          const isSmall = whole.isTaking && whole.largest <= wireLimits.messageBytesMax;
          wholes?.leave(socket?.isEnded === true && !isSmall);
        }
        socket?.gone();
        if (session === undefined) return;
        const message = Buffer.from(reason).toString("utf8");
        if (!isUntold(number, message)) session.onSocketClosed(closeCodeOf(number), message);
        else
          session.onSocketClosed("FRAME_TOO_LARGE", untoldWords(maxPayloadLength, frameBytesMax));
      },
    };
  }
}

function upgrade(
  hub: SessionHub,
  router: UwsRouter,
  wholes: WholePlaces | undefined,
  response: HttpResponse,
  request: HttpRequest,
  context: us_socket_context_t,
): void {
  if (request.getUrl() !== WIRE_PATH) {
    request.setYield(true);
    return;
  }
  const remote = Buffer.from(response.getRemoteAddressAsText()).toString();
  // Browsers name the page that dials. No page of another host may speak for its reader's machine.
  if (router.isForeign(request.getHeader("origin"), request.getHeader("host"))) {
    refuse(response, "403 Forbidden", "ORIGIN_REFUSED", "pages of other hosts may not connect");
    return;
  }
  const refusal = hub.refusalOf(remote);
  if (refusal !== undefined) {
    const isCrowded = refusal === "TOO_MANY_UNWELCOMED";
    const text = isCrowded ? "too many have not said hello yet" : "no more connections are taken";
    refuse(response, "503 Service Unavailable", refusal, text);
    return;
  }
  if (wholes !== undefined && (request.getHeader(PARTS_HEADER) === "1" || !wholes.take())) {
    request.setYield(true);
    return;
  }
  response.upgrade<UserData>(
    wholes === undefined ? {} : { whole: { largest: 0, isTaking: false } },
    request.getHeader("sec-websocket-key"),
    request.getHeader("sec-websocket-protocol"),
    request.getHeader("sec-websocket-extensions"),
    context,
  );
}

function refuse(response: HttpResponse, status: string, code: string, message: string): void {
  response.writeStatus(status).writeHeader("content-type", "application/json");
  response.end(`${JSON.stringify({ code, message })}\n`, true);
}

/**
 * uWebSockets.js takes 0 or 8..960 seconds; above every number of heartbeats that may be missed.
 */
function idleSeconds(heartbeatMs: number): number {
  const seconds = Math.ceil(((wireLimits.heartbeatsMissedMax + 1) * heartbeatMs) / 1000);
  return Math.min(960, Math.max(8, seconds));
}

function createApp(tls: TlsSettings | undefined): TemplatedApp {
  if (tls === undefined) return uws.App();
  const { keyFile, certFile, passphrase } = tls;
  try {
    // uWebSockets.js would only fail to listen, without a reason; this says what is wrong with the
    // files.
    const key = readFileSync(keyFile);
    createSecureContext({ key, cert: readFileSync(certFile), passphrase });
  } catch (thrown) {
    throw errors.TLS_INVALID(reasonOf(thrown));
  }
  const names = { key_file_name: keyFile, cert_file_name: certFile };
  return uws.SSLApp(passphrase === undefined ? names : { ...names, passphrase });
}

function listenOn(
  app: TemplatedApp,
  host: string,
  port: number,
): Promise<us_listen_socket | false> {
  return new Promise((resolve) => {
    // Exclusive, because two masters that share a port would each get half of the agents. The type
    // declarations have no form with both a host and options; the library has.
    const listen = app.listen as unknown as (
      host: string,
      port: number,
      options: number,
      done: (socket: us_listen_socket | false) => void,
    ) => void;
    listen.call(app, host, port, EXCLUSIVE_PORT, resolve);
  });
}
