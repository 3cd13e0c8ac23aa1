import { openRawWebSocket } from "../../conformance/transport/raw.ts";
import type { MakeTransport, TransportUnderTest } from "../../conformance/transport/subject.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { closeCodes } from "../../contract/wire-protocol.ts";
import { MemoryNetwork, memoryTransport, PipeEnd } from "../../plugins/transports/memory/index.ts";
import { HttpMemory } from "../../plugins/transports/uws-msgpack/http-memory.ts";
import { UwsRouter } from "../../plugins/transports/uws-msgpack/http-server.ts";
import { UwsServer } from "../../plugins/transports/uws-msgpack/uws-server.ts";
import { dial, type HubSettings, hubSettings, systemClock } from "../../wire/index.ts";

const environment = { clock: systemClock, log: silentLog, metrics: silentMetrics };

/** The uWebSockets.js transport, on loopback and a free port. */
export const makeUws: MakeTransport = async (changed) => {
  const settings = { ...hubSettings(changed), host: "127.0.0.1", port: 0 };
  const router = new UwsRouter(systemClock, silentLog, {
    bodyDeadlineMs: 60_000,
    streamBytesMax: 1 << 20,
    memory: new HttpMemory(1 << 27),
    answerDeadlineMs: 60_000,
    pageHosts: [],
  });
  const server = new UwsServer(settings, environment, router);
  return {
    transport: { server, dial: (options, handlers) => dial(options, handlers) },
    openRaw: openRawWebSocket,
  };
};

/** The memory transport, on a network of its own. */
export const makeMemory: MakeTransport = async (changed) => memoryOn(new MemoryNetwork(), changed);

function memoryOn(network: MemoryNetwork, changed: Partial<HubSettings>): TransportUnderTest {
  const settings = { ...hubSettings(changed), host: "127.0.0.1", port: 0 };
  return {
    transport: memoryTransport(settings, environment, network),
    beside: async () => memoryOn(network, {}),
    async openRaw(address, events) {
      const [near, far] = PipeEnd.pair();
      const accept = network.at(`${address.host}:${address.port}`);
      if (accept === undefined || !accept(far, "memory")) throw new Error("refused");
      near.listen({
        onFrame: (bytes) => events.onFrame(bytes),
        onPing: () => {},
        onDrained: () => {},
        onClosed: (code, message) => events.onClosed(closeCodes[code], message),
      });
      return {
        sendBinary: (bytes) => near.send(bytes, true),
        sendText: (text) => near.send(Buffer.from(text), false),
        pause: () => near.pause(),
        resume: () => near.resume(),
        end: (code, message) => near.end(code, message),
        cut: () => near.cut(),
      };
    },
  };
}
