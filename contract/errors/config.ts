import { type FaultTable, fault } from "./fault.ts";

/** Mistakes in config files, environment variables and flags (A9). */
export const configErrors = {
  CONFIG_UNREADABLE: (file: string, reason: string) =>
    fault("CONFIG_UNREADABLE", 400, `cannot read the config file: ${reason}`, {
      where: file,
      hint: "name a readable file in JSON (comments allowed) or YAML",
    }),
  CONFIG_SYNTAX: (where: string, reason: string) => fault("CONFIG_SYNTAX", 400, reason, { where }),
  CONFIG_DUPLICATE_KEY: (where: string, key: string) =>
    fault("CONFIG_DUPLICATE_KEY", 400, `"${key}" is given twice`, {
      where,
      hint: "keep one of them; until then only what the last of them holds is checked",
    }),
  CONFIG_UNKNOWN_FIELD: (where: string, message: string, hint?: string) =>
    fault("CONFIG_UNKNOWN_FIELD", 400, message, { where, hint }),
  CONFIG_MISSING_FIELD: (where: string, message: string) =>
    fault("CONFIG_MISSING_FIELD", 400, message, { where }),
  CONFIG_BAD_VALUE: (where: string, message: string, hint?: string) =>
    fault("CONFIG_BAD_VALUE", 400, message, { where, hint }),
  CONFIG_FOLDER: (setting: string, path: string, reason: string, cause?: unknown) =>
    fault("CONFIG_FOLDER", 400, `${path} cannot be a folder of this process: ${reason}`, {
      where: `/${setting}`,
      hint: `set ${setting} to a folder that it may make and write to`,
      cause,
    }),
  DISK_FULL: (path: string, reason: string, cause?: unknown) =>
    fault("DISK_FULL", 507, `there is no room for this process in ${path}: ${reason}`, {
      where: path,
      hint: "free some of its disk, or set another folder",
      cause,
    }),
  LOG_FILE_UNUSABLE: (path: string, reason: string, cause?: unknown) =>
    fault("LOG_FILE_UNUSABLE", 400, `${path} cannot be the file of a log: ${reason}`, {
      where: "/log/file",
      hint: "set log.file to a file that it may append to, or leave it out",
      cause,
    }),
  LOG_LEVEL_TOO_LOW: (level: number, configured: number) =>
    fault("LOG_LEVEL_TOO_LOW", 400, `'${level}' < original level ${configured}`, {
      hint: "the log can be made to say more than it is configured to, not less",
    }),
  CONFIG_INVALID: (file: string, problems: readonly string[]) =>
    fault("CONFIG_INVALID", 400, `${problems.length} problems in the configuration`, {
      where: file,
      details: problems,
      hint: "`tepui config check FILE` lists them too, without starting anything",
    }),
  CONFIG_INSECURE_BIND: (host: string) =>
    fault(
      "CONFIG_INSECURE_BIND",
      400,
      `"${host}" can be reached by other machines, and no authentication is set up`,
      {
        where: "/listen/host",
        hint: "listen on 127.0.0.1, configure authentication, or set insecureRemote",
      },
    ),
  CONFIG_UNREACHABLE_AGENT: (host: string, master: string) =>
    fault(
      "CONFIG_UNREACHABLE_AGENT",
      400,
      `nobody but this machine reaches "${host}", and the master is elsewhere, at ${master}`,
      {
        where: "/listen/host",
        hint: "set listen.host to an address of it, with insecureRemote, or listen.advertise",
      },
    ),
} satisfies FaultTable;
