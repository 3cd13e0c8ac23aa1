import type { RoleName } from "../../contract/ids.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { WorkloadFramework } from "./model.ts";

/** How a framework of a workload describes itself to a master. */
export function descriptionOf(about: WorkloadFramework, usesGpus: boolean): FrameworkInfo {
  const { subscribedName, user, principal, role, priority, demand, minAllocatable } = about;
  const capabilities = new Set<NonNullable<FrameworkInfo["capabilities"]>[number]>(["MULTI_ROLE"]);
  for (const capability of about.capabilities) capabilities.add(capability);
  if (usesGpus) capabilities.add("GPU_RESOURCES");
  const labels = about.labels.map(({ key, value }) => ({ key, value }));
  return {
    name: subscribedName,
    user,
    roles: [role as RoleName],
    capabilities: [...capabilities],
    ...(principal === undefined ? {} : { principal }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(priority === undefined ? {} : { priority }),
    ...(demand === undefined ? {} : { demand: { [role]: demand } }),
    ...(minAllocatable === undefined
      ? {}
      : { offerFilters: { [role]: { minAllocatable: [...minAllocatable] } } }),
  };
}
