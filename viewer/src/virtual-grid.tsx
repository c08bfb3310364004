/*
 * A table of any length: only the rows that can be seen are elements. Browsers cut elements off at some ten million pixels, so
 * the scrollbar of a longer table stands for more rows than it has pixels for.
 */
import type { ComponentChild, JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** A column. */
export interface GridColumn {
  readonly title: string;
  readonly align?: "right";
  /** As CSS has it, such as `6em` or `1fr`. */
  readonly width: string;
  /** Where the page is narrow; a column that may shrink does so by itself. */
  readonly narrow?: string;
  /** Left out where the page is narrow. */
  readonly isWide?: boolean;
}

interface GridProps {
  readonly label: string;
  readonly columns: readonly GridColumn[];
  readonly count: number;
  readonly selected: number;
  readonly cells: (row: number) => readonly ComponentChild[];
  readonly rowClass?: (row: number) => string;
  readonly onSelect: (row: number) => void;
  /** Enter, or a second click. */
  readonly onOpen?: (row: number) => void;
}

const rowHeight = 28;
const tallest = 8_000_000;
const overscan = 8;

/** The table; arrow keys, j and k move the selection while it has the focus. */
export function VirtualGrid(props: GridProps): JSX.Element {
  const { label, columns, count, selected, cells, rowClass, onSelect, onOpen } = props;
  const { scroller, view, setView, total, ratio } = useViewport(count, selected);
  const first = Math.max(0, Math.floor((view.top * ratio) / rowHeight) - overscan);
  const last = Math.min(count, first + Math.ceil(view.height / rowHeight) + 2 * overscan);

  const template = templateOf(columns);
  const move = (to: number): void => onSelect(Math.max(0, Math.min(count - 1, to)));
  const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
  const keys = keysOf(move, selected, count, page, () => onOpen?.(selected));
  const rows: JSX.Element[] = [];
  for (let row = first; row < last; row++)
    rows.push(
      <div
        key={row}
        id={`${label.replaceAll(/\W/g, "-")}-${row}`}
        role="row"
        aria-rowindex={row + 2}
        aria-selected={row === selected}
        class={`row ${rowClass?.(row) ?? ""}`}
        style={{ ...template, transform: `translateY(${row * rowHeight - view.top * ratio + view.top}px)` }}
        onClick={(event) => {
          if (event.target instanceof HTMLElement && event.target.closest("a, button") !== null) return;
          if (row === selected) onOpen?.(row);
          else onSelect(row);
        }}
      >
        {cells(row).map((cell, at) => (
          <div role="gridcell" class={cellClass(columns[at])}>
            {cell}
          </div>
        ))}
      </div>,
    );
  return (
    <div
      class="grid"
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      tabIndex={0}
      ref={scroller}
      aria-activedescendant={
        selected >= first && selected < last ? `${label.replaceAll(/\W/g, "-")}-${selected}` : undefined
      }
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        const act = keys[event.key];
        if (act === undefined) return;
        event.preventDefault();
        act();
      }}
      onScroll={(event) =>
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
    >
      <HeadRow columns={columns} template={template} />
      <div class="spacer" role="rowgroup" style={{ height: `${total}px` }}>
        {rows}
      </div>
    </div>
  );
}

function cellClass(column: GridColumn | undefined): string {
  return ["cell", column?.align ?? "", column?.isWide === true ? "wide" : ""].join(" ");
}

interface Viewport {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly view: { readonly top: number; readonly height: number };
  readonly setView: (view: { readonly top: number; readonly height: number }) => void;
  /** The height of all rows in pixels, as far as a browser can have it. */
  readonly total: number;
  /** How many pixels of rows one pixel of the scrollbar stands for. */
  readonly ratio: number;
}

/** Which part of the rows is seen; it follows the selection. */
function useViewport(count: number, selected: number): Viewport {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 480 });
  const total = Math.min(count * rowHeight, tallest);
  const hidden = Math.max(0, count * rowHeight - view.height);
  const ratio = total - view.height > 0 ? Math.max(1, hidden / (total - view.height)) : 1;
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    const measure = (): void => setView({ top: box.scrollTop, height: box.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const box = scroller.current;
    if (box === null || selected < 0) return;
    const top = (selected * rowHeight) / ratio;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + 2 * rowHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = top + 2 * rowHeight - box.clientHeight;
  }, [selected, count]);

  return { scroller, view, setView, total, ratio };
}

function HeadRow({
  columns,
  template,
}: Pick<GridProps, "columns"> & { readonly template: Readonly<Record<string, string>> }): JSX.Element {
  return (
    <div role="row" aria-rowindex={1} class="row head" style={template}>
      {columns.map((column) => (
        <div role="columnheader" class={cellClass(column)}>
          {column.title}
        </div>
      ))}
    </div>
  );
}

function keysOf(
  move: (to: number) => void,
  selected: number,
  count: number,
  page: number,
  open: () => void,
): Readonly<Record<string, () => void>> {
  return {
    ArrowDown: () => move(selected + 1),
    ArrowUp: () => move(selected - 1),
    PageDown: () => move(selected + page),
    PageUp: () => move(selected - page),
    Home: () => move(0),
    End: () => move(count - 1),
    Enter: open,
  };
}

/** The tracks of a row, and those that are left where the page is narrow. */
function templateOf(columns: readonly GridColumn[]): Readonly<Record<string, string>> {
  return {
    "--columns": columns.map(({ width }) => width).join(" "),
    "--columns-narrow": columns
      .filter(({ isWide }) => isWide !== true)
      .map(({ width, narrow }) => narrow ?? width.replace(/^minmax\(.*\)$/, "minmax(0, 1fr)"))
      .join(" "),
  };
}
