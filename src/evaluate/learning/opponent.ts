import { digestOf } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import { builtinGame } from "../../games/builtin-games.ts";
import { readPolicyInput, type SourcePath, type SourceText } from "../../rollout/policy-input.ts";

/**
 * The opponent to learn from: a Python file or its source text. A string is `self`, the name of a built-in policy or a path that
 * ends in `.py`; any other string is refused.
 */
export type OpponentInput = string | SourcePath | SourceText;

/** Whom to learn from, resolved. */
export type Opponent =
  | { readonly kind: "self" }
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "source"; readonly name: string; readonly source: string };

/**
 * Reads whom to learn from.
 * @throws SameseedError `bad_policy` where there is no such policy, or its file cannot be read
 */
export function resolveOpponent(input: OpponentInput): Opponent {
  const builtins = ["random", ...(builtinGame("tictactoe")?.policies ?? [])];
  const read = readPolicyInput(input, { names: ["self", ...builtins] });
  if (read.kind === "source") return { ...read, name: checkName(read.name) };
  return read.kind === "named" && read.name !== "self"
    ? { kind: "builtin", name: read.name }
    : { kind: "self" };
}

/** How settings name an opponent: a source by its digest as well, so that another source is another training. */
export function opponentName(opponent: Opponent): string {
  if (opponent.kind === "source") return `${opponent.name} ${digestOf(opponent.source)}`;
  return opponent.kind === "self" ? "self" : opponent.name;
}

function checkName(name: string): string {
  // It stands in a comment of the learned policy's source.
  if (/^[^/\p{Cc}\p{Zl}\p{Zp}]{1,200}\.py$/u.test(name)) return name;
  throw new SameseedError("bad_policy", `${JSON.stringify(name)} is not a valid policy name`, {
    hint: "use a file name that ends in .py",
  });
}
