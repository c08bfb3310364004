import { basename } from "node:path";

import { digestOf } from "../../base/digest.ts";
import { startOfText } from "../../base/cut-text.ts";
import { SameseedError } from "../../base/error.ts";
import { builtinGame } from "../../games/builtin-games.ts";
import { readSource } from "../../rollout/policy-input.ts";

/** Whom to learn from: `self`, a built-in policy, a Python file, or such a source itself. */
export type OpponentInput = string | { readonly source: string; readonly name?: string };

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
  if (typeof input !== "string")
    return { kind: "source", name: checkName(input.name ?? "policy.py"), source: input.source };
  if (input === "self") return { kind: "self" };
  const builtins = ["random", ...(builtinGame("tictactoe")?.policies ?? [])];
  if (builtins.includes(input)) return { kind: "builtin", name: input };
  if (input.endsWith(".py"))
    return {
      kind: "source",
      name: checkName(basename(input)),
      source: readSource(input, "bad_policy", "policy"),
    };
  throw new SameseedError(
    "bad_policy",
    `${JSON.stringify(startOfText(input, 200))} is nobody to learn from`,
    {
      hint: `learn from \`self\`, ${builtins.map((name) => `\`${name}\``).join(", ")}, or a Python file`,
    },
  );
}

/** How settings name an opponent: a source by its digest as well, so that another source is another training. */
export function opponentName(opponent: Opponent): string {
  if (opponent.kind === "source") return `${opponent.name} ${digestOf(opponent.source)}`;
  return opponent.kind === "self" ? "self" : opponent.name;
}

function checkName(name: string): string {
  // It stands in a comment of the learned policy's source.
  if (/^[^/\p{Cc}\p{Zl}\p{Zp}]{1,200}\.py$/u.test(name)) return name;
  throw new SameseedError("bad_policy", `${JSON.stringify(name)} is not a name for a policy`, {
    hint: "use a file name that ends in .py",
  });
}
