import { transportRules } from "../../conformance/transport/rules.ts";
import { conform } from "./conform.ts";
import { makeMemory, makeUws } from "./transports.ts";

conform("uws-msgpack", transportRules, makeUws);
conform("memory", transportRules, makeMemory);
