// Waiting is the same in tests and in the rules of the ports, which may not look in here.
export { pause, setPatience, until } from "../../conformance/until.ts";
