import type { PersonalGame } from "../../games/play/play-against.ts";
import type { PlayView } from "../../games/play/play-view.ts";
import type { Cli } from "../cli.ts";
import type { LineReader } from "./line-reader.ts";
import { readPlayLine, type PlayWord } from "./move-line.ts";
import { endText, helpText, openingText, turnText, valuesText, type Table } from "./turn-text.ts";

/** Where a game with a person takes place. */
export interface Place {
  readonly cli: Cli;
  readonly reader: LineReader;
  /** Whether a person sits at a terminal: then they are asked, and may go on after the end. */
  readonly interactive: boolean;
  readonly table: Table;
}

/** Plays until the game is over and the person wants nothing more. @returns the last position */
export async function playOut(game: PersonalGame, place: Place): Promise<PlayView> {
  await place.cli.output.lines(openingText(place.table, game.view.seat));
  await showPosition(game, place);
  while (game.view.end === undefined || place.interactive) {
    const line = await ask(game, place);
    if (line === undefined || !(await take(game, place, line))) break;
  }
  if (game.view.end === undefined) {
    await thinking(place, async () => await game.leave());
    await showPosition(game, place);
  }
  return game.view;
}

/** Does what a line says. @returns false where there is no more to do */
async function take(game: PersonalGame, place: Place, line: string): Promise<boolean> {
  const { output } = place.cli;
  const { legal, end } = game.view;
  const read = readPlayLine(line, legal);
  if (end !== undefined && (read.kind === "empty" || read.kind === "move")) return false;
  if (read.kind === "empty") return true;
  if (read.kind === "refused") {
    await output.lines([place.cli.paint("warn", read.reason)]);
    return true;
  }
  if (read.kind === "word") return await obey(game, place, read.word);
  // At a terminal the move was typed on the line above.
  if (!place.interactive) await output.lines([`you play ${JSON.stringify(read.action)}`]);
  await thinking(place, async () => await game.move(read.action));
  await showPosition(game, place);
  return true;
}

async function obey(game: PersonalGame, place: Place, word: PlayWord): Promise<boolean> {
  const { output } = place.cli;
  const isOver = game.view.end !== undefined;
  switch (word) {
    case "help":
      await output.lines(helpText(game.view));
      return true;
    case "hint":
      await output.lines([valuesText(game.view)]);
      return true;
    case "board":
      await showPosition(game, place);
      return true;
    case "resign":
      if (isOver) return false;
      await thinking(place, async () => await game.resign());
      break;
    case "back":
      if (game.moves.length === 0) {
        await output.lines([place.cli.paint("warn", "you have made no move that could be taken back")]);
        return true;
      }
      await output.lines([`you take ${JSON.stringify(game.moves.at(-1))} back`]);
      await thinking(place, async () => await game.takeBack());
      break;
    case "swap":
      await thinking(place, async () => await game.swapSeats());
      await output.lines(["", ...openingText(place.table, game.view.seat)]);
      break;
  }
  await showPosition(game, place);
  return true;
}

async function showPosition(game: PersonalGame, { cli, table }: Place): Promise<void> {
  const { view } = game;
  await cli.output.lines(view.end === undefined ? turnText(table, view) : endText(table, view, view.end));
}

async function ask(game: PersonalGame, { cli, reader, interactive }: Place): Promise<string | undefined> {
  if (interactive) {
    const prompt = game.view.end === undefined ? `${game.view.seat}> ` : "back, swap, or enter to end> ";
    await cli.output.write(cli.paint("strong", prompt));
  }
  const line = await reader.next();
  // The end of the input leaves the prompt's line open.
  if (interactive && line === undefined) await cli.output.write("\n");
  return line;
}

async function thinking<T>({ cli, table }: Place, work: () => Promise<T>): Promise<T> {
  cli.status.show(`${table.against} is thinking…`);
  try {
    return await work();
  } finally {
    cli.status.clear();
  }
}
