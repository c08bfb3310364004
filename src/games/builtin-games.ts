import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { environmentsFolder } from "../image/runtime-files.ts";

/** What a built-in game says of itself: the line `GAME = {…}` of its file. */
export interface BuiltinGame {
  /** The seats, in the order of play. */
  readonly seats: readonly string[];
  /** The built-in policies that know it; `random` plays everything. */
  readonly policies: readonly string[];
  /** How many cells of its board stand in a row. */
  readonly columns: number;
}

const word = z.string().regex(/^\w{1,40}$/);
const gameSchema: z.ZodType<BuiltinGame> = z.strictObject({
  seats: z.array(word).min(1).max(8),
  policies: z.array(word),
  columns: z.int().min(1),
});
const declaration = /^GAME = (\{.*\})$/m;

/** The names of the games that come with Sameseed: each is a file of `python/envs`. */
export function builtinGames(): string[] {
  const files = readdirSync(environmentsFolder()).filter((name) => name.endsWith(".py"));
  return files.map((name) => name.slice(0, -".py".length)).sort();
}

/** What a built-in game says of itself; undefined if there is no game of that name. */
export function builtinGame(name: string): BuiltinGame | undefined {
  if (!builtinGames().includes(name)) return undefined;
  const text = readFileSync(join(environmentsFolder(), `${name}.py`), "utf8");
  const found = declaration.exec(text)?.[1];
  if (found === undefined) throw new SameseedError("internal", `${name}.py has no line GAME = {…}`);
  return gameSchema.parse(JSON.parse(found));
}

/** The names of all built-in policies: `random`, and those of the built-in games. */
export function builtinPolicies(): string[] {
  const own = builtinGames().flatMap((name) => builtinGame(name)?.policies ?? []);
  return [...new Set(["random", ...own])];
}
