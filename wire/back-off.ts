/**
 * How long to wait before round `round` (from 0) of dialling: it doubles from `minMs` to `maxMs`, and half of it is
 * random, so that a thousand agents that lost one master do not come back in one instant.
 */
export function redialDelayMs(
  round: number,
  minMs: number,
  maxMs: number,
  random: () => number,
): number {
  const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(round, 30));
  return ceilingMs / 2 + (random() * ceilingMs) / 2;
}
