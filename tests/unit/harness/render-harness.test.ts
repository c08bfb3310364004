import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  policySeed,
  renderPolicyHost,
  renderReferee,
  type PolicyPlan,
} from "../../../src/harness/render-harness.ts";
import type { RolloutSpec } from "../../../src/model/rollout.ts";

const spec: RolloutSpec = {
  environment: { kind: "gymnasium", id: "CartPole-v1" },
  envArgs: {},
  seed: 42,
  policy: { kind: "random" },
  maxSteps: null,
  volatileInfo: [],
};

test("the referee's script is exactly this", () => {
  expect(renderReferee({ spec, policyPlan: { kind: "random" } })).toBe(`# Sameseed harness, format 1.
from sameseed.play.referee import run
SEED = 42
run(seed=SEED, environment={"kind": "gymnasium", "id": "CartPole-v1"}, env_args={}, policy={"kind": "random"},
    max_steps=None, volatile_info=[])
`);
});

test("the policy's script is exactly this", () => {
  expect(renderPolicyHost({ seed: 42, fd: 4, path: "/tmp/policy/mine.py" }))
    .toBe(`# Sameseed harness, format 1.
from sameseed.policy.policy_host import serve
SEED = ${policySeed(42)}
serve(seed=SEED, fd=4, path="/tmp/policy/mine.py")
`);
});

test("the policy's seed is the first half of a digest over its role and the seed", () => {
  const digest = createHash("sha256").update("sameseed/role/1\0policy\x0042").digest("hex");
  expect(policySeed(42).toString(16).padStart(32, "0")).toBe(digest.slice(0, 32));
  expect(policySeed(43)).not.toBe(policySeed(42));
});

const plans: readonly PolicyPlan[] = [
  { kind: "random" },
  { kind: "actions", actions: [0, 1.5, [-0], "up"] },
  { kind: "remote", fd: 4 },
  { kind: "replay", of: "source", actions: "gA==" },
  {
    kind: "replay",
    of: "source",
    actions: "gA==",
    end: { outcome: "policy_error", error: { type: "KeyError", message: 'a "text"' } },
  },
];

/** Runs a script in CPython against a module that prints the arguments it is called with. */
function argumentsOf(scripts: readonly string[]): unknown[] {
  const program = `
import json, sys, types
def called(**arguments): print(json.dumps(arguments))
for package in ("sameseed", "sameseed.play", "sameseed.policy"):
    sys.modules[package] = types.ModuleType(package)
for name, function in (("play.referee", "run"), ("policy.policy_host", "serve")):
    module = types.ModuleType("sameseed." + name)
    setattr(module, function, called)
    sys.modules["sameseed." + name] = module
for script in json.load(sys.stdin): exec(compile(script, "harness.py", "exec"), {})
`;
  const { stdout, stderr } = spawnSync("python3", ["-c", program], { input: JSON.stringify(scripts) });
  expect(stderr.toString()).toBe("");
  return stdout
    .toString()
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

test("CPython calls the referee with the spec, whatever its texts hold", () => {
  const specs = fc.array(
    fc.record({
      seed: fc.maxSafeNat(),
      envArgs: fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue(), { noNullPrototype: true }),
      className: fc.string({ unit: "binary" }).filter((name) => name.isWellFormed()),
      maxSteps: fc.option(fc.nat()),
      plan: fc.constantFrom(...plans),
      volatileInfo: fc.array(fc.string()),
    }),
    { minLength: 100, maxLength: 100 },
  );
  fc.assert(
    fc.property(specs, (rollouts) => {
      const scripts = rollouts.map(({ className, plan, envArgs, ...rest }) => {
        const environment = { kind: "file", name: "e.py", className, source: "" } as const;
        const args = envArgs as RolloutSpec["envArgs"];
        return renderReferee({
          spec: { ...spec, ...rest, environment, envArgs: args },
          policyPlan: plan,
          environmentPath: "/tmp/env/e.py",
        });
      });
      const expected = rollouts.map(({ seed, envArgs, className, maxSteps, plan, volatileInfo }) => ({
        seed,
        environment: { kind: "file", path: "/tmp/env/e.py", class: className },
        env_args: envArgs,
        policy: plan,
        max_steps: maxSteps,
        volatile_info: volatileInfo,
      }));
      expect(JSON.stringify(argumentsOf(scripts))).toBe(JSON.stringify(JSON.parse(JSON.stringify(expected))));
    }),
    { numRuns: 3, endOnFailure: true },
  );
});

test("equal plans render to equal scripts, however they were made", () => {
  const plan: PolicyPlan = { actions: "gA==", of: "random", kind: "replay" };
  expect(renderReferee({ spec, policyPlan: plan })).toContain(
    'policy={"kind": "replay", "of": "random", "actions": "gA=="}',
  );
});

test.each([-1, 0.5, NaN, 2 ** 53])("%d is refused as a seed", (seed) => {
  const refusal = expect.objectContaining({ code: "bad_argument" });
  expect(() => renderReferee({ spec: { ...spec, seed }, policyPlan: { kind: "random" } })).toThrow(refusal);
  expect(() => renderPolicyHost({ seed, fd: 4, path: "p.py" })).toThrow(refusal);
});
