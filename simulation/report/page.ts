import type { FrameworkFigures } from "../measure/figures.ts";
import type { PolicyResult } from "../simulate.ts";
import { numberText, percentText, timeText } from "./axis.ts";
import { type Chart, type ChartLine, chartHtml, escaped } from "./chart.ts";
import { remarksOf } from "./remarks.ts";

/** What the page says about the workload. */
export interface PageAbout {
  readonly title: string;
  readonly agents: number;
  readonly frameworks: number;
  readonly tasks: number;
  readonly seed: number;
  readonly software: string;
}

/** Eight colours that people tell apart, colour-blind ones too (Okabe and Ito 2008). */
const COLORS = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#d55e00",
  "#cc79a7",
  "#56b4e9",
  "#b0a800",
  "#777777",
] as const;

/** Frameworks that are drawn for themselves; the others are summed up. */
const FRAMEWORKS_DRAWN = COLORS.length - 1;

const style = `
:root{color-scheme:light dark;--ink:#1c1e21;--dim:#667;--line:#ddd;--paper:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--dim:#99a;--line:#3a3d42;--paper:#16181b}}
body{margin:2rem auto;max-width:1360px;padding:0 1rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{color:var(--dim)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{font-weight:600;color:var(--dim)}
.wide{overflow-x:auto}.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));
gap:1.5rem}figure{margin:0}figcaption{font-weight:600}svg{width:100%;height:auto}
.grid{stroke:var(--line)}text{fill:var(--dim);font-size:11px}.y{text-anchor:end;
dominant-baseline:middle}.x{text-anchor:middle}polyline{fill:none;stroke-width:1.6}
.legend{list-style:none;margin:.2rem 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem;
font-size:.85rem;color:var(--dim)}.legend i{display:inline-block;width:.8em;height:.8em;
border-radius:2px;margin-right:.35em}
${COLORS.map((c, n) => `.s${n}{stroke:${c}}.a${n}{fill:${c}}.b${n}{background:${c}}`).join("")}
`;

function row(cells: readonly string[], tag: "td" | "th" = "td"): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
}

/** The same figures as on the terminal. */
function summary(results: readonly PolicyResult[]): string {
  const scalars = [...new Set(results.flatMap(({ figures }) => Object.keys(figures.utilisation)))];
  const head = [
    "policy",
    "ended",
    "makespan",
    "wait, mean",
    "wait, p95",
    ...scalars.map((name) => `${name} used`),
    "fairness",
    "rounds",
    "decisions",
    "µs a decision",
  ];
  const rows = results.map(({ label, figures, rounds, decisions, costs }) => [
    label,
    `${figures.ended} of ${figures.tasks}`,
    timeText(figures.makespanMs),
    timeText(figures.waitMs.mean),
    timeText(figures.waitMs.p95),
    ...scalars.map((name) => percentText(figures.utilisation[name] ?? 0)),
    figures.fairnessMean === undefined ? "–" : figures.fairnessMean.toFixed(3),
    String(rounds),
    String(decisions),
    numberText(costs.decisionMicros),
  ]);
  const lines = [row(head, "th"), ...rows.map((cells) => row(cells))];
  return `<div class="wide"><table>${lines.join("\n")}</table></div>`;
}

/** The same warnings as on the terminal. */
function remarks(results: readonly PolicyResult[]): string {
  const items = results.flatMap((result) =>
    remarksOf(result).map((remark) => `<li>${escaped(`${result.label}: ${remark}`)}</li>`),
  );
  return items.length === 0 ? "" : `<ul>${items.join("")}</ul>`;
}

function perPolicy(
  results: readonly PolicyResult[],
  pointsOf: (result: PolicyResult) => ChartLine["points"],
): ChartLine[] {
  return results.map((result, at) => ({
    label: result.label,
    color: at % COLORS.length,
    points: pointsOf(result),
  }));
}

/** What policies have in common, over time. */
function comparisons(results: readonly PolicyResult[], endMs: number): Chart[] {
  const overTime = { xIsTime: true, xMax: endMs, xText: timeText } as const;
  const share = { yMax: 1, yText: percentText } as const;
  const scalars = [...new Set(results.flatMap(({ figures }) => Object.keys(figures.utilisation)))];
  return [
    ...scalars.map((name) => ({
      ...overTime,
      ...share,
      title: `${name} in use`,
      lines: perPolicy(results, ({ figures }) => figures.utilisationOverTime[name] ?? []),
    })),
    {
      ...overTime,
      title: "Tasks that wait",
      yText: numberText,
      lines: perPolicy(results, ({ figures }) => figures.waitingOverTime),
    },
    {
      ...overTime,
      title: "Fairness (Jain’s index, while two or more want more than they have)",
      yMax: 1,
      yText: numberText,
      lines: perPolicy(results, ({ figures }) => figures.fairnessOverTime),
    },
    {
      title: "Waiting time: so many of the tasks waited at most so long",
      xIsTime: false,
      xMax: 1,
      xText: percentText,
      yText: timeText,
      lines: perPolicy(results, ({ figures }) =>
        figures.waits.map((wait, at) => [at / 100, wait] as const),
      ),
    },
  ];
}

/** Who held how much of the cluster, under one policy. Colours go with names on the whole page. */
function sharesChart(
  { label, figures }: PolicyResult,
  drawn: readonly string[],
  endMs: number,
): Chart {
  const lines = drawn.flatMap((name, color): ChartLine[] => {
    const found = figures.frameworks.find((framework) => framework.name === name);
    return found === undefined ? [] : [{ label: name, color, points: found.shares }];
  });
  const others = figures.frameworks.filter(({ name }) => !drawn.includes(name));
  if (others.length > 0) {
    const points = summedUp(others);
    lines.push({ label: `${others.length} others`, color: COLORS.length - 1, points });
  }
  return {
    title: label,
    lines,
    stacked: true,
    xIsTime: true,
    xMax: endMs,
    xText: timeText,
    yText: percentText,
  };
}

function summedUp(frameworks: readonly FrameworkFigures[]): ChartLine["points"] {
  const sums = new Map<number, number>();
  for (const { shares } of frameworks) {
    for (const [x, y] of shares) sums.set(x, (sums.get(x) ?? 0) + y);
  }
  return [...sums].sort(([a], [b]) => a - b);
}

/** The results as one page that needs nothing else: no scripts, no fonts, no network. */
export function pageHtml(results: readonly PolicyResult[], about: PageAbout): string {
  const endMs = results.reduce((end, { figures }) => Math.max(end, figures.makespanMs), 0);
  const drawn = [...(results[0]?.figures.frameworks ?? [])]
    .sort((a, b) => b.shareMean - a.shareMean)
    .slice(0, FRAMEWORKS_DRAWN)
    .map(({ name }) => name);
  const { agents, frameworks, tasks, seed, software } = about;
  const said = `${agents} agents, ${frameworks} frameworks, ${tasks} tasks, seed ${seed}`;
  const title = escaped(about.title);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title><style>${style}</style></head><body>`,
    `<h1>${title}</h1><p>${escaped(said)}; Tepui ${escaped(software)}</p>`,
    summary(results),
    remarks(results),
    '<h2>The policies beside each other</h2><div class="charts">',
    ...comparisons(results, endMs).map(chartHtml),
    '</div><h2>Dominant shares of the frameworks</h2><div class="charts">',
    ...results.map((result) => chartHtml(sharesChart(result, drawn, endMs))),
    "</div></body></html>",
    "",
  ].join("\n");
}
