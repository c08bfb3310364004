import type { JSX } from "preact";

interface BoardProps {
  /** Row by row from the top. */
  readonly cells: readonly (string | null)[];
  readonly columns: number;
  /** The cell that was taken last. */
  readonly last?: number | undefined;
  readonly onPick?: (cell: number) => void;
  readonly isLegal?: (cell: number) => boolean;
}

/** A board of crosses and noughts; its cells can be chosen where a move is due. */
export function Board({ cells, columns, last, onPick, isLegal }: BoardProps): JSX.Element {
  return (
    <div class="board" role="group" aria-label="board" style={{ "--board-columns": columns }}>
      {cells.map((mark, cell) => (
        <button
          type="button"
          class={cell === last ? "last" : ""}
          disabled={mark !== null || onPick === undefined || isLegal?.(cell) === false}
          aria-label={`row ${Math.floor(cell / columns) + 1}, column ${(cell % columns) + 1}: ${mark ?? "empty"}`}
          onClick={() => onPick?.(cell)}
        >
          {mark ?? ""}
        </button>
      ))}
    </div>
  );
}
