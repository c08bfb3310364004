import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { JsonValue } from "../../src/model/json.ts";
import type { GameDocument } from "../../src/view/asked-documents.ts";
import { ask, useCanRun } from "./ask.ts";
import { Board } from "./board.tsx";
import { forget } from "./data.ts";
import { Moves, Position } from "./position.tsx";
import { href } from "./route.ts";

/** Built-in games and the policies that know them; others are typed. */
const games: Readonly<Record<string, readonly string[]>> = {
  tictactoe: ["greedy", "minimax", "random"],
  connect_four: ["greedy", "random"],
  "pettingzoo:chess_v6": ["random"],
  "pettingzoo:connect_four_v3": ["random"],
  "pettingzoo:go_v5": ["random"],
};
const ownSource = "its source below";

/** `#~play`: a game against a policy, which is recorded as a rollout. */
export function PlayView(): JSX.Element {
  const [game, setGame] = useState<GameDocument>();
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  const canRun = useCanRun();
  const send = (name: string, request: object): void => {
    setBusy(true);
    setTrouble("");
    ask<GameDocument>(name, request)
      .then((now) => {
        setGame(name === "leave" ? undefined : now);
        if (now.saved !== undefined) forget(now.saved);
      })
      .catch((error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(false));
  };
  if (!canRun)
    return (
      <p class="trouble" role="alert">
        Games are played where the server may run them: <code>sameseed view --allow-run</code>
      </p>
    );
  return (
    <>
      <h1>Play</h1>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {game === undefined ? (
        <Start isBusy={isBusy} onStart={(request) => send("play", request)} />
      ) : (
        <Table game={game} isBusy={isBusy} send={send} />
      )}
    </>
  );
}

function Start({
  isBusy,
  onStart,
}: {
  readonly isBusy: boolean;
  readonly onStart: (request: object) => void;
}): JSX.Element {
  const [name, setName] = useState("tictactoe");
  const [as, setAs] = useState("X");
  const [policy, setPolicy] = useState("greedy");
  const [source, setSource] = useState("");
  const [seed, setSeed] = useState("");
  const policies = [...(games[name] ?? ["random"]), ownSource];
  const chosen = policies.includes(policy) ? policy : policies[0]!;
  return (
    <form
      class="start"
      onSubmit={(event) => {
        event.preventDefault();
        onStart({
          game: name,
          as,
          policy: chosen === ownSource ? { source } : chosen,
          ...(seed === "" ? {} : { seed: Number(seed) }),
        });
      }}
    >
      <label>
        Game{" "}
        <input list="games" value={name} onInput={(event) => setName(event.currentTarget.value)} required />
        <datalist id="games">
          {Object.keys(games).map((own) => (
            <option value={own} />
          ))}
        </datalist>
      </label>
      <label>
        You move{" "}
        <select value={as} onChange={(event) => setAs(event.currentTarget.value)}>
          <option value="X">first (X)</option>
          <option value="O">second (O)</option>
        </select>
      </label>
      <label>
        Against{" "}
        <select value={chosen} onChange={(event) => setPolicy(event.currentTarget.value)}>
          {policies.map((own) => (
            <option value={own}>{own}</option>
          ))}
        </select>
      </label>
      <label>
        Seed{" "}
        <input
          inputMode="numeric"
          pattern="[0-9]*"
          placeholder="a random one"
          value={seed}
          onInput={(event) => setSeed(event.currentTarget.value)}
        />
      </label>
      {chosen === ownSource && <Source source={source} onInput={setSource} />}
      <button type="submit" disabled={isBusy}>
        {isBusy ? "Starting…" : "Begin"}
      </button>
    </form>
  );
}

function Source({
  source,
  onInput,
}: {
  readonly source: string;
  readonly onInput: (source: string) => void;
}): JSX.Element {
  return (
    <label class="source">
      A policy in Python, which runs in a sandbox of its own
      <textarea
        rows={10}
        spellcheck={false}
        placeholder={"def choose_action(board, player, rng):\n    …"}
        value={source}
        onInput={(event) => onInput(event.currentTarget.value)}
        required
      />
    </label>
  );
}

interface TableProps {
  readonly game: GameDocument;
  readonly isBusy: boolean;
  readonly send: (name: string, request: object) => void;
}

function Table({ game, isBusy, send }: TableProps): JSX.Element {
  const { play, seat, legal, columns, answer, end, moves } = game;
  const cells = cellsOf(game.observation);
  const move = (action: JsonValue): void => send("move", { play, action });
  // In a game whose board has more cells than moves, a move is a column.
  const actionOf = (cell: number): number =>
    cells !== undefined && columns !== undefined && cells.length > 9 ? cell % columns : cell;
  return (
    <>
      <p role="status">
        {game.game}, you are seat {seat}, seed {game.seed}.{" "}
        {end === undefined ? yourMove(isBusy) : endText(end)}
      </p>
      {cells !== undefined && columns !== undefined ? (
        <Board
          cells={cells}
          columns={columns}
          last={answer}
          {...(end === undefined && !isBusy
            ? {
                onPick: (cell: number) => move(actionOf(cell)),
                isLegal: (cell: number) => isIn(legal, actionOf(cell)),
              }
            : {})}
        />
      ) : (
        <>
          <Position game={game} />
          {end === undefined && <Moves legal={legal} isBusy={isBusy} onMove={move} />}
        </>
      )}
      <p class="bar-row">
        <button type="button" disabled={isBusy || moves === 0} onClick={() => send("back", { play })}>
          Take back
        </button>
        <button type="button" disabled={isBusy || end !== undefined} onClick={() => send("resign", { play })}>
          Resign
        </button>
        <button type="button" disabled={isBusy} onClick={() => send("leave", { play })}>
          Another game
        </button>
      </p>
      {game.saved !== undefined && (
        <p>
          Recorded as{" "}
          <a href={href(game.saved, ...(end?.key === undefined ? [] : [end.key]))}>{game.saved}</a>, a rollout
          like any other: it can be verified, shown and branched.
        </p>
      )}
    </>
  );
}

function yourMove(isBusy: boolean): string {
  return isBusy ? "The policy is thinking…" : "It is your move.";
}

function endText({ how, winner, trouble, forfeit }: NonNullable<GameDocument["end"]>): string {
  if (how === "failed") return `The game could not go on: ${trouble ?? "the host failed"}.`;
  const why =
    how === "forfeit" ? ` by forfeit (${forfeit ?? ""})` : how === "resigned" ? ": you resigned" : "";
  if (winner === "draw") return "A draw.";
  if (winner === null) return "The game is over.";
  return winner === "you" ? `You win${why}.` : `The policy wins${why}.`;
}

function isIn(legal: readonly JsonValue[] | null, action: number): boolean {
  return legal === null || legal.includes(action);
}

/** The cells of a board of crosses and noughts. */
function cellsOf(observation: JsonValue): readonly (string | null)[] | undefined {
  if (typeof observation !== "object" || observation === null || !("board" in observation)) return undefined;
  const board: unknown = observation["board"];
  const isCell = (cell: unknown): cell is string | null => cell === null || cell === "X" || cell === "O";
  return Array.isArray(board) && board.every(isCell) ? board : undefined;
}
