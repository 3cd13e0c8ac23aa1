import { makeMemory, makeUws } from "./transport/bench.ts";
import { conformTransport } from "./transport.ts";

conformTransport("uws-msgpack", makeUws);
conformTransport("memory", makeMemory);
