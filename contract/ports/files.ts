import type { HttpHandler } from "./http.ts";

/** A file or folder that a process shows. */
export interface FileShown {
  readonly path: string;
  readonly size: number;
  readonly nlink: number;
  readonly mtimeMs: number;
  /** The bits of `stat`, kind and permissions. */
  readonly mode: number;
  readonly uid: string;
  readonly gid: string;
}

/** The pages below `/files` (v1-wire 8.5). */
export type FilePage = "browse" | "debug" | "download" | "read";

/** The files that a process shows: sandboxes of an agent, and the log where it is in a file. */
export interface ShownFiles {
  /**
   * What is in a folder; nothing in what is none.
   * @throws FILE_UNKNOWN, FILE_OUTSIDE
   */
  list(path: string): readonly FileShown[];
  /**
   * A part of a file and the size of the whole; at most `limits.fileReadBytesMax`.
   * @throws FILE_UNKNOWN, FILE_OUTSIDE
   */
  read(path: string, offset: number, length?: number): { size: number; data: Uint8Array };
  /** What serves each of the pages. */
  readonly pages: Readonly<Record<FilePage, HttpHandler>>;
}
