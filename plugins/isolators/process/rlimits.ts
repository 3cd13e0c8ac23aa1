import { errors } from "../../../contract/errors.ts";
import type { Rlimit } from "../../../contract/schema/container.ts";

/** Option of `prlimit` for each limit that a container may name. */
const options: Readonly<Record<string, string>> = {
  RLMT_AS: "--as",
  RLMT_CORE: "--core",
  RLMT_CPU: "--cpu",
  RLMT_DATA: "--data",
  RLMT_FSIZE: "--fsize",
  RLMT_LOCKS: "--locks",
  RLMT_MEMLOCK: "--memlock",
  RLMT_MSGQUEUE: "--msgqueue",
  RLMT_NICE: "--nice",
  RLMT_NOFILE: "--nofile",
  RLMT_NPROC: "--nproc",
  RLMT_RSS: "--rss",
  RLMT_RTPRIO: "--rtprio",
  RLMT_RTTIME: "--rttime",
  RLMT_SIGPENDING: "--sigpending",
  RLMT_STACK: "--stack",
};

/**
 * Words that start a command under resource limits; none when there are no limits.
 * @throws RLIMIT_UNKNOWN
 */
export function rlimitWords(rlimits: readonly Rlimit[]): readonly string[] {
  if (rlimits.length === 0) return [];
  const words = rlimits.map(({ type, soft, hard }) => {
    const option = options[type];
    if (option === undefined) throw errors.RLIMIT_UNKNOWN(type);
    if (soft === undefined && hard === undefined) return `${option}=unlimited`;
    return `${option}=${soft ?? hard}:${hard ?? soft}`;
  });
  return ["prlimit", ...words];
}
