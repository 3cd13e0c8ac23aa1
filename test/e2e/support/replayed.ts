import { tepui } from "./local-cluster.ts";

/** What `tepui replay -o json` prints, as far as tests look at it. */
export interface Replayed {
  readonly ok: boolean;
  readonly stretches: readonly {
    readonly run: string;
    readonly files: readonly string[];
    readonly rounds: number;
    readonly decisions: number;
    readonly taken: number;
  }[];
  readonly skipped: readonly string[];
  readonly ends: readonly {
    readonly file: string;
    readonly offset: number;
    readonly problem: string;
    readonly isDamaged: boolean;
  }[];
  readonly difference?: unknown;
}

/** Replays a journal as a user would. */
export async function replayed(
  journal: string,
): Promise<{ readonly code: number | null; readonly report: Replayed }> {
  const { code, stdout, stderr } = await tepui(["replay", journal, "-o", "json"]).result;
  if (stdout === "") throw new Error(`tepui replay printed nothing:\n${stderr}`);
  return { code, report: JSON.parse(stdout) as Replayed };
}
