import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { renderReferee, renderSeatHost, type SeatPlan } from "../../../src/harness/render-rollout.ts";
import type { RolloutSpec } from "../../../src/model/rollout.ts";
import { roleSeed } from "../../../src/model/seed.ts";

const random: SeatPlan = { kind: "builtin", name: "random" };
const spec: RolloutSpec = {
  environment: { kind: "gymnasium", id: "CartPole-v1" },
  envArgs: {},
  seed: 42,
  seats: [{ seat: "agent", policy: { kind: "builtin", name: "random" } }],
  mode: "keep",
  clocks: null,
  maxSteps: null,
  volatileInfo: [],
};
const seatHost = {
  seed: 42,
  seat: "O",
  fd: 4,
  path: "/tmp/policy/mine.py",
  mode: "keep",
  moveCpuMs: 1000,
} as const;

test("the referee's script is exactly this", () => {
  expect(renderReferee({ spec, plans: [random] })).toBe(`# Sameseed harness, format 2.
from sameseed.play.referee import run
SEED = 42
run(seeds=[SEED], environment={"kind": "gymnasium", "id": "CartPole-v1"}, env_args={}, seats=[{"seat": "agent", "kind": "builtin", "name": "random"}],
    max_steps=None, volatile_info=[], replay=None)
`);
});

test("a script for several rollouts begins as the first one's", () => {
  expect(renderReferee({ spec, plans: [random], more: [78, 79] })).toContain("run(seeds=[SEED, 78, 79], ");
});

test("a seat's script is exactly this, and holds the seat's own seed only", () => {
  const script = renderSeatHost(seatHost);
  expect(script).toBe(`# Sameseed harness, format 2.
from sameseed.policy.seat_host import serve
SEED = ${roleSeed("O", 42)}
serve(seed=SEED, fd=4, path="/tmp/policy/mine.py", seat="O", mode="keep", move_us=1000000)
`);
  expect(script).not.toMatch(/\b42\b/);
  expect(script).not.toContain(String(roleSeed("X", 42)));
  expect(renderSeatHost({ ...seatHost, moveCpuMs: null })).toContain("move_us=0)");
});

test("a seat's seed is the first half of a digest over its role and the seed", () => {
  const digest = createHash("sha256").update("sameseed/role/1\0agent\x0042").digest("hex");
  expect(roleSeed("agent", 42).toString(16).padStart(32, "0")).toBe(digest.slice(0, 32));
  expect(roleSeed("agent", 43)).not.toBe(roleSeed("agent", 42));
});

const plans: readonly SeatPlan[] = [
  random,
  { kind: "actions", actions: [0, 1.5, [-0], "up"] },
  { kind: "remote", fd: 4, answerMs: 5, wallMs: 10 },
  { kind: "remote", fd: 4, answerMs: null, wallMs: 10 },
  { kind: "none" },
  { kind: "caller" },
];

function argumentOf(plan: SeatPlan): object {
  if (plan.kind !== "remote") return { seat: "agent", ...plan };
  const { kind, fd, answerMs, wallMs } = plan;
  return { seat: "agent", kind, fd, answer_ms: answerMs, wall_ms: wallMs };
}

/** Runs a script in CPython against a module that prints the arguments it is called with. */
function argumentsOf(scripts: readonly string[]): unknown[] {
  const program = `
import json, sys, types
def called(**arguments): print(json.dumps(arguments))
for package in ("sameseed", "sameseed.play", "sameseed.policy"):
    sys.modules[package] = types.ModuleType(package)
for name, function in (("play.referee", "run"), ("policy.seat_host", "serve")):
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
          plans: [plan],
          environmentPath: "/tmp/env/e.py",
        });
      });
      const expected = rollouts.map(({ seed, envArgs, className, maxSteps, plan, volatileInfo }) => ({
        seeds: [seed],
        environment: { kind: "file", path: "/tmp/env/e.py", class: className },
        env_args: envArgs,
        seats: [argumentOf(plan)],
        max_steps: maxSteps,
        volatile_info: volatileInfo,
        replay: null,
      }));
      expect(JSON.stringify(argumentsOf(scripts))).toBe(JSON.stringify(JSON.parse(JSON.stringify(expected))));
    }),
    { numRuns: 3, endOnFailure: true },
  );
});

test("equal plans render to equal scripts, however they were made", () => {
  const plan: SeatPlan = { wallMs: 10, answerMs: null, fd: 4, kind: "remote" };
  const end = {
    error: { seat: "agent", message: 'a "text"', type: "KeyError", kind: "raised" },
    outcome: "policy_error",
  } as const;
  const script = renderReferee({ spec, plans: [plan], replay: { actions: "gA==", end } });
  expect(script).toContain(
    '[{"seat": "agent", "kind": "remote", "fd": 4, "answer_ms": None, "wall_ms": 10}]',
  );
  expect(script).toContain(
    'replay={"actions": "gA==", "end": {"outcome": "policy_error", "error": {"kind": "raised", "type": "KeyError", "message": "a \\x22text\\x22", "seat": "agent"}}}',
  );
});

test.each([-1, 0.5, NaN, 2 ** 53])("%d is refused as a seed", (seed) => {
  const refusal = expect.objectContaining({ code: "bad_argument" });
  expect(() => renderReferee({ spec: { ...spec, seed }, plans: [random] })).toThrow(refusal);
  expect(() => renderSeatHost({ ...seatHost, seed })).toThrow(refusal);
});
