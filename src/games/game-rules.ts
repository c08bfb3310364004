import type { NamesOf } from "../base/known-options.ts";
import { limitNames } from "../model/limits.ts";
import type { GameSpec } from "./game-spec.ts";

/** Options that all games of a call share, except the game and the players. */
export type GameRules = Omit<GameSpec, "game" | "seats">;

/** Every name of {@link GameRules}: one that is added there and not here does not compile. */
export const gameRuleNames: NamesOf<GameRules> = {
  mode: true,
  image: true,
  backend: true,
  world: true,
  limits: limitNames,
  network: true,
  clocks: { moveCpuMs: true, bankCpuMs: true, moveWallMs: true },
  idleMs: true,
  maxSteps: true,
  envArgs: true,
};

/** The rules that options hold, and nothing else of them. Whoever plays games takes them from here, so that none is lost. */
export function gameRulesOf(options: GameRules): GameRules {
  const held = Object.entries(options).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(gameRuleNames, name),
  );
  return Object.fromEntries(held);
}
