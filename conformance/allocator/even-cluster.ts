import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";

/** Idle agents of one shape, and frameworks that are equal, each in a role of its own. */
export function evenCluster(agents: number, clients: number): AllocationTables {
  const tables = new AllocationTables();
  for (let n = 0; n < clients; n++) {
    const role = tables.addRole(ROOT_ROLE, `role-${String(n).padStart(5, "0")}`) as number;
    tables.addClient({ role, framework: n, submitOrder: n, flags: ClientFlag.ACTIVE });
  }
  const total = new Float64Array(KINDS);
  total.set([16_000, 65_536_000, 500_000_000]);
  for (let n = 0; n < agents; n++) {
    const row = tables.addAgent(AgentFlag.ACTIVE) as number;
    tables.setAgentTotal(row, total);
    tables.setAgentFree(row, total);
  }
  return tables;
}
