import { sha256Of } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import type { EnvironmentRef, RolloutSpec } from "../model/rollout.ts";
import { checkSeed } from "../model/seed.ts";
import { pythonLiteral } from "./python-literal.ts";

/** How the referee gets its actions: decided when a rollout is planned. */
export type PolicyPlan =
  | { readonly kind: "random" }
  | { readonly kind: "actions"; readonly actions: readonly JsonValue[] }
  | {
      readonly kind: "remote";
      /** The file descriptor of the socket to the policy's sandbox. */ readonly fd: number;
    }
  | {
      readonly kind: "replay";
      /** The kind of policy that was recorded: what it drew from shared generators is drawn again. */
      readonly of: "random" | "actions" | "source";
      /** The recorded actions: base64 of a canonical CBOR list. */
      readonly actions: string;
      /** How the recorded policy ended the rollout after its last action, where it did. */
      readonly end?: PolicyEnd;
    };

/** How a policy that failed ended its rollout: what the closing record says of it. */
export interface PolicyEnd {
  readonly outcome: Outcome;
  readonly error: { readonly type: string; readonly message: string; readonly seat?: string };
}

/** What a referee's script is made from. */
export interface RefereeScript {
  readonly spec: RolloutSpec;
  readonly policyPlan: PolicyPlan;
  /** Where the sandbox holds the environment's file; needed for an environment of kind `file`. */
  readonly environmentPath?: string;
}

/** What a policy's script is made from. */
export interface PolicyScript {
  /** The rollout's seed; the script gets {@link policySeed} of it. */
  readonly seed: number;
  /** The file descriptor of the socket to the referee. */
  readonly fd: number;
  /** Where the sandbox holds the policy's file. */
  readonly path: string;
}

/**
 * The source of the script that runs in the referee's sandbox, the seed a literal in it.
 *
 * @throws {@link SameseedError} `bad_argument` where the seed or a value cannot be written
 */
export function renderReferee({ spec, policyPlan, environmentPath }: RefereeScript): string {
  const environment = pythonLiteral(environmentArgument(spec.environment, environmentPath));
  return [
    "# Sameseed harness, format 1.",
    "from sameseed.play.referee import run",
    `SEED = ${seedLiteral(spec.seed)}`,
    `run(seed=SEED, environment=${environment}, env_args=${pythonLiteral(spec.envArgs)}, ` +
      `policy=${pythonLiteral(policyArgument(policyPlan))},`,
    `    max_steps=${pythonLiteral(spec.maxSteps)}, volatile_info=${pythonLiteral(spec.volatileInfo)})`,
    "",
  ].join("\n");
}

/**
 * The source of the script that runs in an untrusted policy's sandbox.
 *
 * @throws {@link SameseedError} `bad_argument` where the seed is not one
 */
export function renderPolicyHost({ seed, fd, path }: PolicyScript): string {
  return [
    "# Sameseed harness, format 1.",
    "from sameseed.policy.policy_host import serve",
    `SEED = ${pythonLiteral(policySeed(seed))}`,
    `serve(seed=SEED, fd=${pythonLiteral(fd)}, path=${pythonLiteral(path)})`,
    "",
  ].join("\n");
}

/**
 * The seed of a rollout's policy: 128 bits derived from the rollout's, so that a policy's generators have nothing in
 * common with the environment's. It hides the rollout's seed only as far as that one is hard to guess.
 *
 * @throws {@link SameseedError} `bad_argument` where the seed is not one
 */
export function policySeed(seed: number): bigint {
  return roleSeed("policy", seed);
}

/**
 * 128 bits derived from a rollout's seed for one role in it: nothing that two roles draw has anything in common.
 *
 * @throws {@link SameseedError} `bad_argument` where the seed is not one
 */
export function roleSeed(role: string, seed: number): bigint {
  const digest = sha256Of([`sameseed/role/1\0${role}\0`, seedLiteral(seed)]);
  return BigInt(`0x${digest.toString("hex", 0, 16)}`);
}

/**
 * A seed as it is written into a script.
 *
 * @throws {@link SameseedError} `bad_argument` where it is not one
 */
export function seedLiteral(seed: number): string {
  return String(checkSeed(seed));
}

/** The plan with its keys in a fixed order, so that equal plans render to equal scripts. */
function policyArgument(plan: PolicyPlan): JsonObject {
  switch (plan.kind) {
    case "random":
      return { kind: plan.kind };
    case "actions":
      return { kind: plan.kind, actions: plan.actions };
    case "remote":
      return { kind: plan.kind, fd: plan.fd };
    case "replay":
      break;
  }
  const { kind, of, actions, end } = plan;
  if (end === undefined) return { kind, of, actions };
  const { type, message } = end.error;
  return { kind, of, actions, end: { outcome: end.outcome, error: { type, message } } };
}

function environmentArgument(environment: EnvironmentRef, path: string | undefined): JsonObject {
  if (environment.kind !== "file") return { kind: environment.kind, id: environment.id };
  if (path === undefined)
    throw new SameseedError("internal", "A file environment was rendered without its path in the sandbox.");
  return { kind: "file", path, class: environment.className };
}
