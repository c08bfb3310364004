import { Option } from "commander";

import { SameseedError } from "../../base/error.ts";
import type { MatchupConfig } from "../../evaluate/matchup/evaluate-matchup.ts";
import type { MatchupReport } from "../../evaluate/matchup/report-matchup.ts";
import type { ReturnsConfig } from "../../evaluate/returns/evaluate-returns.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { filesOption } from "../parse/files-beside.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { gameRun, gameRunOptions, modeOption, type GameRunOptions } from "./options.ts";

/** What `eval` and `compare` have in common. */
export interface MatchupCommandOptions extends GameRunOptions {
  readonly env: string;
  readonly files?: string;
  readonly seeds: readonly number[];
  readonly games?: number;
  readonly anytime?: true;
  readonly mode?: "keep" | "restart";
  readonly concurrency?: number;
  readonly out?: string;
  readonly resume?: true;
  readonly json?: true;
}

/** The options of {@link MatchupCommandOptions} that are not worded elsewhere. */
export function matchupOptions(): Option[] {
  return [
    new Option(
      "--env <ENV>",
      "tictactoe, connect_four, or a two-player PettingZoo classic game, such as pettingzoo:chess_v6; or an environment with one seat: a Gymnasium id, module:Id, or path/to/file.py:ClassName",
    ).default("tictactoe"),
    filesOption(),
    new Option("--seeds <LIST>", "seeds and ranges of seeds, both ends included: 0..19 or 1,5,9")
      .argParser(parseSeeds)
      .default(parseSeeds("0..19"), "0..19"),
    new Option("--games <N>", "games under each seed (default: 50)").argParser(
      wholeNumber({ option: "--games", unit: "games", max: 10_000_000 }),
    ),
    new Option("--anytime", "give an interval that stays valid however often results are checked"),
    modeOption(),
    new Option("--out <DIR>", "record every game in this folder, for `sameseed verify`"),
    new Option("--resume", "continue the matchup in --out: only missing games are played"),
    ...gameRunOptions({ of: "a game" }),
  ];
}

/** What all games of a command have in common, as the SDK takes it. */
export function toConfig(
  options: MatchupCommandOptions,
  signal: AbortSignal,
): Omit<MatchupConfig, "policyX" | "policyO"> {
  const { env, files, seeds, games, anytime, mode, concurrency, out, resume } = options;
  checkResume(options);
  if (files !== undefined)
    throw new SameseedError(
      "bad_argument",
      `--files lies beside an environment of your own, not beside ${env}`,
      {
        hint: "what lies beside a policy has an option of its own",
      },
    );
  return {
    env,
    seeds,
    signal,
    ...gameRun(options),
    ...(games === undefined ? {} : { nGames: games }),
    ...(anytime ? { anytime: true } : {}),
    ...(mode === undefined ? {} : { mode }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(out === undefined ? {} : { dir: out }),
    ...(resume ? { resume: true } : {}),
  };
}

/** The options that only games between seats have, as far as they were given. */
export function gameOptionsOf({ games, anytime, mode }: MatchupCommandOptions): Record<string, unknown> {
  return { "--games": games, "--anytime": anytime, "--mode restart": mode === "restart" };
}

/** What all rollouts of a command have in common, in an environment with one seat. */
export function toReturnsConfig(
  options: MatchupCommandOptions,
  signal: AbortSignal,
): Omit<ReturnsConfig, "seeds" | "policy" | "image"> & { readonly image: string } {
  const { env, files, concurrency, out, resume } = options;
  const { image = defaultImageName, ...placed } = gameRun(options);
  checkResume(options);
  return {
    envName: env,
    ...(files === undefined ? {} : { files }),
    image,
    ...placed,
    signal,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(out === undefined ? {} : { dir: out }),
    ...(resume ? { resume: true } : {}),
  };
}

function checkResume({ resume, out }: MatchupCommandOptions): void {
  if (!resume || out !== undefined) return;
  throw new SameseedError("bad_argument", "--resume needs the matchup's folder", {
    hint: "name it with --out DIR",
  });
}

/** The largest share of games that the host may fail before a result is not to be trusted. */
const infraShareMost = 0.05;

/** Whether the host failed so many games that nothing can be concluded. */
export function isUntrustworthy({ infra, games, unpaired }: MatchupReport): boolean {
  return infra > infraShareMost * (infra + games + unpaired);
}
