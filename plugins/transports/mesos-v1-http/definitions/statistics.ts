import { type MessageDef, message, opt, rep, req } from "./define.ts";
import { ResourceDiskInfoPersistence, ResourceDiskInfoSource, ValueRange } from "./resources.ts";

/** Message `DiskStatistics`. */
export const DiskStatistics = message("DiskStatistics", {
  source: opt(1, ResourceDiskInfoSource),
  persistence: opt(2, ResourceDiskInfoPersistence),
  limit_bytes: opt(3, "u64"),
  used_bytes: opt(4, "u64"),
});

const resourceStatisticsFields = {
  timestamp: req(1, "dbl"),
  processes: opt(30, "u32"),
  threads: opt(31, "u32"),
  cpus_user_time_secs: opt(2, "dbl"),
  cpus_system_time_secs: opt(3, "dbl"),
  cpus_limit: opt(4, "dbl"),
  cpus_soft_limit: opt(45, "dbl"),
  cpus_nr_periods: opt(7, "u32"),
  cpus_nr_throttled: opt(8, "u32"),
  cpus_throttled_time_secs: opt(9, "dbl"),
  mem_total_bytes: opt(36, "u64"),
  mem_total_memsw_bytes: opt(37, "u64"),
  mem_kmem_usage_bytes: opt(52, "u64"),
  mem_kmem_tcp_usage_bytes: opt(53, "u64"),
  mem_limit_bytes: opt(6, "u64"),
  mem_soft_limit_bytes: opt(38, "u64"),
  mem_file_bytes: opt(10, "u64"),
  mem_anon_bytes: opt(11, "u64"),
  mem_cache_bytes: opt(39, "u64"),
  mem_rss_bytes: opt(5, "u64"),
  mem_mapped_file_bytes: opt(12, "u64"),
  mem_swap_bytes: opt(40, "u64"),
  mem_unevictable_bytes: opt(41, "u64"),
  mem_low_pressure_counter: opt(32, "u64"),
  mem_medium_pressure_counter: opt(33, "u64"),
  mem_critical_pressure_counter: opt(34, "u64"),
  disk_limit_bytes: opt(26, "u64"),
  disk_used_bytes: opt(27, "u64"),
  disk_statistics: rep(43, DiskStatistics),
  net_rx_packets: opt(14, "u64"),
  net_rx_bytes: opt(15, "u64"),
  net_rx_errors: opt(16, "u64"),
  net_rx_dropped: opt(17, "u64"),
  net_tx_packets: opt(18, "u64"),
  net_tx_bytes: opt(19, "u64"),
  net_tx_errors: opt(20, "u64"),
  net_tx_dropped: opt(21, "u64"),
  net_tx_rate_limit: opt(46, "u64"),
  net_tx_burst_rate_limit: opt(47, "u64"),
  net_tx_burst_size: opt(48, "u64"),
  net_rx_rate_limit: opt(49, "u64"),
  net_rx_burst_rate_limit: opt(50, "u64"),
  net_rx_burst_size: opt(51, "u64"),
  net_ephemeral_ports: opt(55, ValueRange),
  net_tcp_rtt_microsecs_p50: opt(22, "dbl"),
  net_tcp_rtt_microsecs_p90: opt(23, "dbl"),
  net_tcp_rtt_microsecs_p95: opt(24, "dbl"),
  net_tcp_rtt_microsecs_p99: opt(25, "dbl"),
  net_tcp_active_connections: opt(28, "dbl"),
  net_tcp_time_wait_connections: opt(29, "dbl"),
};
/** Definition of `ResourceStatistics`; an interface, so that declarations show its name alone. */
export interface ResourceStatisticsDef extends MessageDef<typeof resourceStatisticsFields> {}
/** Message `ResourceStatistics`. */
export const ResourceStatistics: ResourceStatisticsDef = message(
  "ResourceStatistics",
  resourceStatisticsFields,
);
