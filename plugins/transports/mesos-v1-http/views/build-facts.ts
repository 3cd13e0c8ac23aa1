import { buildInfo } from "../../../../wire/index.ts";

/**
 * What Mesos tells of a build, about this one. Its date is that of the commit, which is the same
 * wherever that is built; a source tree that is no checkout has neither, and nobody's name is told.
 */
export function buildFacts(): {
  readonly build_date: string;
  readonly build_time: number;
  readonly build_user: string;
  readonly git_sha: string;
} {
  const { gitSha = "", committedSeconds = 0 } = buildInfo();
  const date = new Date(committedSeconds * 1_000).toISOString();
  return {
    build_date: date.slice(0, 19).replace("T", " "),
    build_time: committedSeconds,
    build_user: "",
    git_sha: gitSha,
  };
}
