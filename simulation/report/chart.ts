import { ticksTo, timeTicksTo } from "./axis.ts";

/** One line of a chart: its name, its colour among the page's, and its points. */
export interface ChartLine {
  readonly label: string;
  readonly color: number;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A chart: lines over one pair of axes, with the words for its ticks. */
export interface Chart {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly xIsTime: boolean;
  readonly xMax: number;
  /** Highest value that must have room; found out where it is left out. */
  readonly yMax?: number;
  readonly xText: (value: number) => string;
  readonly yText: (value: number) => string;
  /** Lines are put on top of each other, as areas. */
  readonly stacked?: boolean;
}

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 56;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;

/** Text that is safe inside of HTML and of attributes. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Places on the paper; one decimal is finer than any screen. */
const fixed = (value: number): string => String(Number(value.toFixed(1)));

class Plot {
  readonly #xMax: number;
  readonly #yMax: number;

  constructor(xMax: number, yMax: number) {
    this.#xMax = xMax;
    this.#yMax = yMax;
  }

  x(value: number): string {
    return fixed(LEFT + (value / this.#xMax) * (WIDTH - LEFT - RIGHT));
  }

  y(value: number): string {
    return fixed(HEIGHT - BOTTOM - (value / this.#yMax) * (HEIGHT - TOP - BOTTOM));
  }
}

/** A chart as a figure with an SVG in it and a legend of HTML; no scripts, nothing from outside. */
export function chartHtml(chart: Chart): string {
  const lines = chart.stacked === true ? stackedUp(chart.lines) : chart.lines;
  const highest = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const yTicks = ticksTo(chart.yMax ?? highest.reduce((a, b) => Math.max(a, b), 0));
  const xMax = chart.xMax > 0 ? chart.xMax : 1;
  const xTicks = (chart.xIsTime ? timeTicksTo(xMax) : ticksTo(xMax)).filter((x) => x <= xMax);
  const plot = new Plot(xMax, yTicks.at(-1) ?? 1);
  const grid = [
    ...yTicks.map((y) => yTick(plot, y, chart.yText(y))),
    ...xTicks.map((x) => xTick(plot, x, chart.xText(x))),
  ];
  // The lowest area is drawn last, over those that it is part of.
  const marks =
    chart.stacked === true
      ? lines.map((l) => area(plot, l)).reverse()
      : lines.map((l) => stroke(plot, l));
  const title = escaped(chart.title);
  return [
    `<figure><figcaption>${title}</figcaption>`,
    legend(chart.lines),
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    ...grid,
    ...marks,
    "</svg></figure>",
  ].join("\n");
}

function legend(lines: readonly ChartLine[]): string {
  const items = lines.map(
    ({ label, color }) => `<li><i class="b${color}"></i>${escaped(label)}</li>`,
  );
  return `<ul class="legend">${items.join("")}</ul>`;
}

function yTick(plot: Plot, value: number, text: string): string {
  const y = plot.y(value);
  const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
  return `${line}<text class="y" x="${LEFT - 6}" y="${y}">${escaped(text)}</text>`;
}

function xTick(plot: Plot, value: number, text: string): string {
  const x = plot.x(value);
  const base = HEIGHT - BOTTOM;
  const line = `<line class="grid" x1="${x}" x2="${x}" y1="${base}" y2="${base + 4}"/>`;
  return `${line}<text class="x" x="${x}" y="${HEIGHT - 6}">${escaped(text)}</text>`;
}

function stroke(plot: Plot, { label, color, points }: ChartLine): string {
  const path = points.map(([x, y]) => `${plot.x(x)},${plot.y(y)}`).join(" ");
  return `<polyline class="s${color}" points="${path}"><title>${escaped(label)}</title></polyline>`;
}

function area(plot: Plot, { label, color, points }: ChartLine): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "";
  const path = points.map(([x, y]) => `${plot.x(x)},${plot.y(y)}`);
  const base = plot.y(0);
  const around = [`${plot.x(first[0])},${base}`, ...path, `${plot.x(last[0])},${base}`];
  const name = `<title>${escaped(label)}</title>`;
  return `<polygon class="a${color}" points="${around.join(" ")}">${name}</polygon>`;
}

/** Adds to each line those below it; lines are brought to the same places first. */
function stackedUp(lines: readonly ChartLine[]): ChartLine[] {
  const places = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))];
  places.sort((a, b) => a - b);
  const sums = new Map<number, number>(places.map((x) => [x, 0]));
  return lines.map((line) => {
    let at = 0;
    let value = 0;
    const points = places.map((x): [number, number] => {
      while ((line.points[at]?.[0] ?? Number.POSITIVE_INFINITY) <= x) {
        value = line.points[at++]?.[1] ?? 0;
      }
      // Behind the end of a line there is nothing.
      const isOver = at === line.points.length && (line.points.at(-1)?.[0] ?? 0) < x;
      const sum = (sums.get(x) ?? 0) + (isOver ? 0 : value);
      sums.set(x, sum);
      return [x, sum];
    });
    return { ...line, points };
  });
}
