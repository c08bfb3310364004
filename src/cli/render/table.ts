import { stripVTControlCharacters } from "node:util";

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** @default "left" */
  readonly align?: "left" | "right";
}

/** Lines of a table: a head and rows, two spaces between columns, as wide as the widest cell. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  return formatRows(columns, columnWidths(columns, rows), [columns.map(({ title }) => title), ...rows]);
}

/** How wide each column is for its title and these rows. */
export function columnWidths(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title }, at) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? "")), widthOf(title)),
  );
}

/** Rows of given widths; a cell that is wider pushes the rest of its row. */
export function formatRows(
  columns: readonly Column[],
  widths: readonly number[],
  rows: readonly (readonly string[])[],
): string[] {
  return rows.map((row) =>
    columns
      .map(({ align }, at) => {
        const cell = row[at] ?? "";
        const padding = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
        return align === "right" ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd(),
  );
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
