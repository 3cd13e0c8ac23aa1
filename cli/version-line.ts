import { buildInfo } from "../wire/build-info.ts";

/** What `tepui version` and `tepui --version` say to people. */
export function versionLine(): string {
  return `tepui ${buildInfo().version} (Node ${process.versions.node})`;
}
