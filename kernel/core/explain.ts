// Why things are as they are: read-only, worked out from the state when somebody asks.

export { explainAgent } from "./explain/agent.ts";
export {
  type Asked,
  builtInHeeds,
  type Heeds,
  type PolicyRef,
  unknownHeeds,
} from "./explain/asked.ts";
export { explainFramework } from "./explain/framework.ts";
export { explainRole } from "./explain/role.ts";
export { explainTask } from "./explain/task.ts";
