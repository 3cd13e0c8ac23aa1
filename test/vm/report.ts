/** Marks lines of the report; whatever else comes over the line is noise. */
export const REPORT = "TEPUI-VM ";

/** What became of one rule inside the machine, or that all rules have been run. */
export type Report =
  | { readonly rule: string; readonly ms: number; readonly problem?: string }
  | { readonly done: true; readonly kernel: string };
