import { type FaultTable, fault } from "./fault.ts";

/** What is wrong with a journal, and with replaying it. */
export const journalErrors = {
  JOURNAL_WRITE_FAILED: (what: string) =>
    fault("JOURNAL_WRITE_FAILED", 503, `the journal cannot be written: ${what}`, {
      where: "journal",
    }),
  JOURNAL_UNREADABLE: (path: string, reason: string) =>
    fault("JOURNAL_UNREADABLE", 400, `the journal cannot be read: ${reason}`, {
      where: path,
      hint: "name the folder of a journal, or one of the .journal files in it",
    }),
  JOURNAL_FORMAT: (file: string, format: unknown, known: number) =>
    fault("JOURNAL_FORMAT", 400, `format ${String(format)}, this version reads ${known}`, {
      where: file,
      hint: "replay it with the version of Tepui that wrote it",
    }),
  /** Damage with good records behind it, in the file or the next one, which no crash does. */
  JOURNAL_DAMAGED: (file: string, offset: number, problem: string) =>
    fault("JOURNAL_DAMAGED", 400, problem, {
      where: `${file}, byte ${offset}`,
      hint: "segments that begin after it can still be replayed: name one of these files",
    }),
  JOURNAL_NO_BEGINNING: (path: string) =>
    fault("JOURNAL_NO_BEGINNING", 400, "no segment has a complete snapshot to begin with", {
      where: path,
      hint: "the segments before the first are needed, too",
    }),
  REPLAY_POLICY_MISSING: (name: string, digest: string) =>
    fault("REPLAY_POLICY_MISSING", 404, `policy ${name} with digest ${digest} is not there`, {
      where: `policy ${name}`,
      hint: "the journal does not carry it: name a folder that has it with --policy-dir",
    }),
} satisfies FaultTable;
