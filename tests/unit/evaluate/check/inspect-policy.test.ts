import { afterAll, describe, expect, it } from "vitest";

import { inspectPolicy, readInterface } from "../../../../src/evaluate/check/inspect-policy.ts";
import { lineOf } from "../../../../src/evaluate/check/check-policy.ts";
import { defaultLimits } from "../../../../src/model/limits.ts";
import { closeSandboxes, sharedBackend } from "../../../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

async function inspect(source: string): Promise<unknown> {
  const limits = { ...defaultLimits, cpuMs: 500, wallMs: 5000 };
  return await inspectPolicy(
    sharedBackend("gymnasium", "zygote", "sealed"),
    { name: "policy.py", source },
    limits,
  );
}

describe("a policy is asked what it defines", () => {
  it.for([
    ["def choose_action(board, player, rng): return 0", { asked: "choose_action", init: false }],
    ["def act(observation, rng): return 0\ndef init(seat, rng): pass", { asked: "act", init: true }],
    [
      "def act(o, r): return 0\ndef choose_action(b, p, r): return 0",
      { asked: "choose_action", init: false },
    ],
    ["choose_action = 7", undefined],
    ["def choose_action(:", undefined],
    ["while True: pass", undefined],
    ["import os; os.write(3, b'\\xff' * 100_000)\ndef act(o, r): return 0", undefined],
    ["import os; os._exit(0)", undefined],
  ] as const)("%j", async ([source, found]) => {
    expect(await inspect(source)).toEqual(found);
  });

  it("and nothing but that form is an answer", () => {
    for (const text of ["", "\u0003\0\0\0\0", "\u0001\u0001\0\0\0\u00a0", "hello"])
      expect(readInterface(Buffer.from(text, "latin1"))).toBeUndefined();
  });
});

describe("the line of a fault", () => {
  const at = (traceback: string, message = ""): number | undefined =>
    lineOf({ by: "policy", kind: "raised", type: "E", message, traceback });

  it("is the innermost one of the policy's own file", () => {
    const trace = [
      "Traceback (most recent call last):",
      '  File "/tmp/policy/mine.py", line 12, in choose_action',
      '  File "/tmp/policy/mine.py", line 4, in helper',
      '  File "/usr/lib/python3/json.py", line 337, in loads',
      "ValueError: no",
    ];
    expect(at(trace.join("\n"))).toBe(4);
  });

  it("is in the message where the file does not compile", () => {
    expect(at("", "the policy does not compile: invalid syntax (mine.py, line 3)")).toBe(3);
  });

  it("is unknown where none is named", () => {
    expect(at("Traceback: somewhere else")).toBeUndefined();
    expect(lineOf(undefined)).toBeUndefined();
  });
});
