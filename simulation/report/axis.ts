/** Round numbers that divide a range from 0 in a few steps. */
export function ticksTo(max: number, steps = 5): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  return multiples(factor * power, max);
}

/** Steps of time that people count in, in milliseconds. */
const TIME_STEPS_MS = [
  1, 10, 100, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000,
  86_400_000, 604_800_000,
] as const;

/** Ticks of a time axis. */
export function timeTicksTo(maxMs: number, steps = 6): number[] {
  const rough = maxMs / steps;
  const step = TIME_STEPS_MS.find((each) => each >= rough);
  return step === undefined ? ticksTo(maxMs, steps) : multiples(step, maxMs);
}

function multiples(step: number, max: number): number[] {
  const ticks: number[] = [];
  for (let count = 0; ; count++) {
    // A hair of tolerance, or 0.3 would be above 3 * 0.1.
    const tick = Number((count * step).toPrecision(12));
    ticks.push(tick);
    if (tick >= max * (1 - 1e-9)) return ticks;
  }
}

/** A number in few digits. */
export function numberText(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** A duration in the unit that suits it: `850 ms`, `12.5 s`, `3.2 min`, `1.5 h`, `2 d`. */
export function timeText(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1_000) return `${numberText(ms)} ms`;
  if (ms < 120_000) return `${numberText(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${numberText(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${numberText(ms / 3_600_000)} h`;
  return `${numberText(ms / 86_400_000)} d`;
}

/** A share as a percentage. */
export function percentText(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
