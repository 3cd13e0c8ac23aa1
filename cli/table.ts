/** What a cell means; colours follow from it. */
export type Tone = "plain" | "good" | "bad" | "busy" | "dim";

/** A cell of a table: its text, or its text and what it means. */
export type Cell = string | number | undefined | { readonly text: string; readonly tone: Tone };

/** A column: numbers are aligned to the right. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Paints text by its meaning; without colours it returns the text. */
export type Painter = (text: string, tone: Tone) => string;

/**
 * Lines of a table: a title line, then one a row, columns two spaces apart and as wide as their
 * widest cell, nothing at the end of lines. The same rows always give the same lines.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: Painter = (text) => text,
): string[] {
  const cells = rows.map((row) => columns.map((_, at) => cellOf(row[at])));
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]?.text.length ?? 0)),
  );
  const line = (texts: readonly { readonly text: string; readonly tone: Tone }[]): string =>
    texts
      .map(({ text, tone }, at) => {
        const space = " ".repeat((widths[at] ?? 0) - text.length);
        const painted = paint(text, tone);
        if (columns[at]?.align === "right") return `${space}${painted}`;
        return at === columns.length - 1 ? painted : `${painted}${space}`;
      })
      .join("  ")
      .trimEnd();
  const titles = columns.map(({ title }) => ({ text: title, tone: "dim" as const }));
  return [line(titles), ...cells.map(line)];
}

function cellOf(cell: Cell): { readonly text: string; readonly tone: Tone } {
  if (typeof cell === "object") return { text: oneLine(cell.text), tone: cell.tone };
  return { text: cell === undefined || cell === "" ? "-" : oneLine(String(cell)), tone: "plain" };
}

/** Names come from strangers: control characters would move the cursor. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
