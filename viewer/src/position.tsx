import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { JsonValue } from "../../src/model/json.ts";
import type { GameDocument, PositionDocument } from "../../src/view/asked-documents.ts";
import { AnsiText } from "./ansi-text.tsx";
import { ask } from "./ask.ts";
import { WholeText } from "./value-view.tsx";

/** A position of a game without a board of its own here: as its environment draws it, and what the seat sees of it. */
export function Position({ game }: { readonly game: GameDocument }): JSX.Element {
  const { play, step, moves, observation } = game;
  const isOver = game.end !== undefined;
  const [drawn, setDrawn] = useState<PositionDocument>();
  useEffect(() => {
    let isCurrent = true;
    // The former position must not stand beside the moves of this one.
    setDrawn(undefined);
    ask<PositionDocument>("picture", { play }).then(
      (now) => isCurrent && setDrawn(now),
      () => isCurrent && setDrawn({}),
    );
    return () => {
      isCurrent = false;
    };
  }, [play, step, moves, isOver]);
  return (
    <>
      {drawn === undefined && (
        <p class="quiet" role="status">
          Drawing the position…
        </p>
      )}
      {drawn?.text !== undefined && <AnsiText text={drawn.text} isSmall={false} />}
      {drawn?.png !== undefined && (
        <img
          class="picture position"
          width={drawn.width}
          height={drawn.height}
          alt={`the position before move ${step}`}
          src={`data:image/png;base64,${drawn.png}`}
        />
      )}
      <details open={drawn !== undefined && drawn.png === undefined && drawn.text === undefined}>
        <summary>What your seat sees: the observation</summary>
        <WholeText text={JSON.stringify(observation)} />
      </details>
    </>
  );
}

interface MovesProps {
  /** Null where the game does not list them. */
  readonly legal: readonly JsonValue[] | null;
  readonly isBusy: boolean;
  readonly onMove: (action: JsonValue) => void;
}

/** The legal moves as buttons, or a field where the game does not list them. */
export function Moves({ legal, isBusy, onMove }: MovesProps): JSX.Element {
  if (legal === null) return <OwnMove isBusy={isBusy} onMove={onMove} />;
  return (
    <div class="moves" role="group" aria-label={`${legal.length} legal moves`}>
      {legal.map((action) => (
        <button type="button" key={JSON.stringify(action)} disabled={isBusy} onClick={() => onMove(action)}>
          {JSON.stringify(action)}
        </button>
      ))}
    </div>
  );
}

function OwnMove({ isBusy, onMove }: Pick<MovesProps, "isBusy" | "onMove">): JSX.Element {
  const [text, setText] = useState("0");
  const action = jsonOf(text);
  return (
    <form
      class="bar-row"
      onSubmit={(event) => {
        event.preventDefault();
        if (action !== undefined) onMove(action);
      }}
    >
      <label>
        Your move, as JSON: this game does not list the legal ones{" "}
        <input value={text} onInput={(event) => setText(event.currentTarget.value)} required />
      </label>
      <button type="submit" disabled={isBusy || action === undefined}>
        Move
      </button>
    </form>
  );
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
