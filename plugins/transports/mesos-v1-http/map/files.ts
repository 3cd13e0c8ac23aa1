import type { ShownFiles } from "../../../../contract/ports/files.ts";
import { Refusal } from "../http/answers.ts";
import { nanosOf } from "./basics.ts";

/** What LIST_FILES and READ_FILE ask of a master or an agent. */
interface FileCall {
  readonly list_files?: { readonly path: string } | undefined;
  readonly read_file?:
    | { readonly path: string; readonly offset: number; readonly length?: number | undefined }
    | undefined;
}

/** What refuses a call that lacks its submessage; `what` names the call, as Mesos does (§8.1). */
export function absent(what: "master::Call" | "agent::Call", field: string): Refusal {
  return new Refusal(400, `Failed to validate ${what}: Expecting '${field}' to be present`);
}

/** LIST_FILES: what is in a folder (§8.5). */
export function listFiles(files: ShownFiles, { list_files }: FileCall) {
  return (
    list_files && {
      file_infos: files.list(list_files.path).map(({ mtimeMs, ...file }) => ({
        ...file,
        mtime: nanosOf(mtimeMs),
      })),
    }
  );
}

/** READ_FILE: a part of a file (§8.5). */
export function readFile(files: ShownFiles, { read_file }: FileCall) {
  return read_file && files.read(read_file.path, read_file.offset, read_file.length);
}
