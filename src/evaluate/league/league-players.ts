import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import { type Digest, digestOf } from "../../base/digest.ts";
import { startOfText } from "../../base/cut-text.ts";
import { SameseedError } from "../../base/error.ts";
import { refuseUnknownOptions } from "../../base/known-options.ts";
import { builtinPolicies } from "../../games/builtin-games.ts";
import { readPolicyInput, readSourceFile, type SourcePath } from "../../rollout/policy-input.ts";

/**
 * Who plays: a Python file, a folder whose Python files all play, or a text with its name. A string is the name of a built-in
 * policy, a path that ends in `.py`, or a folder's path that ends in `/`; any other string is refused.
 */
export type LeaguePlayerInput =
  | string
  | SourcePath
  | { readonly folder: string }
  | { readonly source: string; readonly name: string };

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
    throw new SameseedError("bad_argument", `${JSON.stringify(twice.name)} is named twice in this league`, {
      hint: "name each policy once; give copies other file names",
    });
  if (named.length < 2 || named.length > playersMost)
    throw new SameseedError(
      "bad_argument",
      `a league needs 2 to ${playersMost} players, not ${named.length}`,
      { hint: "name built-in policies, Python files, or a folder with Python files" },
    );
  return named;
}

function playersOf(input: LeaguePlayerInput): LeaguePlayer[] {
  if (typeof input === "string" && input.endsWith("/")) return folderPlayers(input);
  if (typeof input === "object" && input !== null && "folder" in input) {
    refuseUnknownOptions(input, { folder: true }, "a folder of policies");
    return folderPlayers(input.folder);
  }
  if (typeof input === "object" && input !== null && "source" in input) {
    // A name of a league need not be that of a file.
    refuseUnknownOptions(input, { source: true, name: true }, "a policy");
    if (typeof input.source === "string" && typeof input.name === "string")
      return [sourcePlayer(input.name, input.name, input.source)];
  }
  const read = readPolicyInput(input, { names: builtinPolicies() });
  if (read.kind === "named") return [{ name: read.name, policy: read.name, digest: null }];
  if (read.kind !== "source") throw new SameseedError("internal", "a player that is no policy");
  const name = typeof input === "string" ? input : "path" in input ? input.path : read.name;
  return [sourcePlayer(name, read.name, read.source)];
}

function folderPlayers(folder: string): LeaguePlayer[] {
  return filesIn(folder).map((name) => {
    const path = join(folder, name);
    return sourcePlayer(path, name, readSourceFile(path, "bad_policy", "policy"));
  });
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
    { hint: `name a folder with Python files, a .py file, or one of ${builtinPolicies().join(", ")}` },
  );
}

function sourcePlayer(name: string, file: string, source: string): LeaguePlayer {
  return {
    name,
    policy: { source, name: file.endsWith(".py") ? file : `${file}.py` },
    digest: digestOf(source),
  };
}
