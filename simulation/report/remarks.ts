import type { PolicyResult } from "../simulate.ts";

/** Statements that are told of at most; the rest are counted. */
const MISSTATED_MAX = 10;

/** What has to be known of a policy's figures beside them, a sentence each. */
export function remarksOf(result: PolicyResult): string[] {
  const { misstated, stopped, faults, figures, replaced, rounds, decisions } = result;
  const remarks = misstated.slice(0, MISSTATED_MAX);
  const more = misstated.length - remarks.length;
  if (more > 0) remarks.push(`and ${more} more statements that cannot be read`);
  const missing = figures.tasks - figures.ended;
  if (stopped !== undefined) remarks.push(`${stopped}; ${missing} did not end`);
  for (const [code, count] of Object.entries(faults)) remarks.push(`${count} ${code}`);
  if (replaced.rounds > 0) {
    const who = "it had failed, and the built-in policy decided in its place";
    const parts = `${replaced.rounds} of ${rounds} rounds, ${replaced.decisions} of ${decisions}`;
    const when = `from round ${replaced.firstRound} on`;
    remarks.push(`${who} ${when}: ${parts} decisions; the figures are not its own`);
  }
  return remarks;
}
