import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import { type Digest, digestOf } from "../../base/digest.ts";
import { startOfText } from "../../base/cut-text.ts";
import { SameseedError } from "../../base/error.ts";
import { builtinPolicies } from "../../games/builtin-games.ts";
import { readSource } from "../../rollout/policy-input.ts";

/** Who plays: a built-in name, a Python file, a folder whose Python files all play, or a source with its name. */
export type LeaguePlayerInput = string | { readonly source: string; readonly name: string };

/** Someone who plays in a league. */
export interface LeaguePlayer {
  /** Unique in the league. */
  readonly name: string;
  readonly policy: string | { readonly source: string; readonly name: string };
  /** The digest of its source; null for a built-in policy. */
  readonly digest: Digest | null;
}

/** With more, the games of a round robin are better spent otherwise. */
const playersMost = 200;

/**
 * Reads everyone who plays, in the order given, a folder's files by name. Names are file names without `.py`; where two are
 * the same, those are named by their paths as given.
 * @throws SameseedError `bad_policy` where a file cannot be read, `bad_argument` for fewer than two, too many, or twice the same
 */
export function resolvePlayers(inputs: readonly LeaguePlayerInput[]): readonly LeaguePlayer[] {
  const players = inputs.flatMap((input) => playersOf(input));
  const short = players.map(({ name }) => basename(name, ".py"));
  const named = players.map((player, at) => ({
    ...player,
    name: short.filter((name) => name === short[at]).length === 1 ? short[at]! : player.name,
  }));
  const twice = named.find(({ name }, at) => named.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined)
    throw new SameseedError("bad_argument", `${JSON.stringify(twice.name)} plays twice in this league`, {
      hint: "name each policy once; copies get names of their own",
    });
  if (named.length < 2 || named.length > playersMost)
    throw new SameseedError(
      "bad_argument",
      `a league has 2 to ${playersMost} players, and this one ${named.length}`,
      { hint: "name built-in policies, Python files, or a folder with Python files" },
    );
  return named;
}

function playersOf(input: LeaguePlayerInput): LeaguePlayer[] {
  if (typeof input !== "string") return [sourcePlayer(input.name, input.name, input.source)];
  if (builtinPolicies().includes(input)) return [{ name: input, policy: input, digest: null }];
  if (input.endsWith(".py")) return [filePlayer(input)];
  return filesIn(input).map((name) => filePlayer(join(input, name)));
}

function filesIn(folder: string): string[] {
  try {
    if (statSync(folder).isDirectory())
      return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".py"))
        .map(({ name }) => name)
        .sort((a, b) => (a < b ? -1 : 1));
  } catch {
    // Said below: it is nothing that could play.
  }
  throw new SameseedError(
    "bad_policy",
    `${JSON.stringify(startOfText(folder, 200))} is neither a built-in policy, a Python file nor a folder`,
    { hint: `built in are ${builtinPolicies().join(", ")}` },
  );
}

function filePlayer(path: string): LeaguePlayer {
  return sourcePlayer(path, basename(path), readSource(path, "bad_policy", "policy"));
}

function sourcePlayer(name: string, file: string, source: string): LeaguePlayer {
  return {
    name,
    policy: { source, name: file.endsWith(".py") ? file : `${file}.py` },
    digest: digestOf(source),
  };
}
