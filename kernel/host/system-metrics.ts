import { cpus, freemem, loadavg, totalmem } from "node:os";

/** This machine's own numbers, as Mesos names them (H5). */
export function systemMetrics(): Record<string, number> {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    "system/cpus_total": cpus().length,
    "system/load_1min": one,
    "system/load_5min": five,
    "system/load_15min": fifteen,
    "system/mem_total_bytes": totalmem(),
    "system/mem_free_bytes": freemem(),
  };
}
