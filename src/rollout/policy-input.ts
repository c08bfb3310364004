import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as z from "zod";

import { startOfText } from "../base/cut-text.ts";
import { SameseedError, toError } from "../base/error.ts";
import type { JsonValue } from "../model/json.ts";
import type { SeatPolicy } from "../model/rollout.ts";

/**
 * What picks a seat's actions: the name of a built-in policy, the path of a Python file (it ends in `.py`) that defines
 * `act(observation, rng, info)` or `choose_action(board, player, rng)`, such a source itself, or a list of actions.
 */
export type PolicyInput =
  | string
  | { readonly source: string; readonly name?: string }
  | { readonly actions: readonly JsonValue[] };

/** A {@link PolicyInput}, or nobody, which forfeits. */
export type SeatPolicyInput = PolicyInput | { readonly none: true };

const sourceBytesMost = 16 * 1024 * 1024;
const functions = "act(observation, rng, info) or choose_action(board, player, rng)";

/** The actions are looked at by themselves, because there may be very many. */
const inputSchema = z.union([
  z.object({ actions: z.unknown().refine((actions) => actions !== undefined) }),
  z.object({ source: z.string(), name: z.string().optional() }),
  z.object({ none: z.literal(true) }),
]);

/**
 * Checks what picks a seat's actions, and reads the file it names.
 * @param builtins the built-in policies that play here
 * @throws `bad_policy`, `bad_actions`
 */
export function resolvePolicy(input: SeatPolicyInput, builtins: readonly string[]): SeatPolicy {
  if (typeof input === "string") {
    if (builtins.includes(input)) return { kind: "builtin", name: input };
    if (input.endsWith(".py"))
      return { kind: "source", name: basename(input), source: readSource(input, "bad_policy", "policy") };
    throw new SameseedError(
      "bad_policy",
      `${JSON.stringify(input)} is neither a built-in policy that plays here nor a Python file`,
      {
        hint: `use ${builtins.map((name) => `\`${name}\``).join(", ")}, or the path of a .py file that defines ${functions}`,
      },
    );
  }
  if (!inputSchema.safeParse(input).success) {
    const shown = startOfText(JSON.stringify(input) ?? typeof input, 200);
    throw new SameseedError("bad_policy", `${shown} is not a policy`, {
      hint: "use `random`, the path of a .py file, { source } or { actions }",
    });
  }
  if ("none" in input) return { kind: "none" };
  if ("actions" in input) {
    const actions = z.array(z.json()).safeParse(input.actions);
    if (actions.success) return { kind: "actions", actions: input.actions };
    throw new SameseedError("bad_actions", "actions must be a list of JSON values, one a step");
  }
  const name = input.name ?? "policy.py";
  if (!/^[^/\0]{1,200}\.py$/.test(name)) {
    throw new SameseedError("bad_policy", `${JSON.stringify(name)} is not a name for a policy`, {
      hint: "use a file name that ends in .py",
    });
  }
  return { kind: "source", name, source: input.source };
}

/**
 * Reads the file of an environment or a policy.
 * @throws `code` where it cannot be read, is larger than 16 MiB or not UTF-8 text
 */
export function readSource(path: string, code: "unknown_environment" | "bad_policy", what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new SameseedError(code, `the ${what}'s file cannot be read: ${toError(error).message}`, {
      hint: "check the path; it starts from the folder you are in",
      context: { path },
    });
  }
  if (bytes.length > sourceBytesMost) {
    throw new SameseedError(code, `the ${what}'s file ${path} is larger than ${sourceBytesMost} bytes`, {
      context: { path },
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SameseedError(code, `the ${what}'s file ${path} is not UTF-8 text`, { context: { path } });
  }
}
