import { describe, expect, it } from "vitest";

import type { FaultKind } from "../../../src/model/outcome.ts";
import type { RolloutSummary } from "../../../src/model/rollout.ts";
import { MisuseCheck } from "../../../src/rollout/rollout-result.ts";
import { sampleRollout } from "../store/sample-rollout.ts";

function failed(kind: FaultKind, type: string, message = "m"): RolloutSummary {
  const by = kind === "unknown_environment" ? "environment" : "policy";
  return sampleRollout(1, { outcome: "env_error", error: { by, kind, type, message } }).summary;
}

describe("what the caller got wrong", () => {
  it.for([
    ["unknown_environment", "unknown_environment"],
    ["bad_policy", "bad_policy"],
  ] as const)("ends the call at the first rollout: %s", ([kind, code]) => {
    expect(() => new MisuseCheck().refuse(failed(kind, "E"))).toThrow(expect.objectContaining({ code }));
  });

  it.for(["unknown_environment", "bad_policy"] as const)(
    "is a result like others once a rollout has been loaded: %s",
    (kind) => {
      const check = new MisuseCheck();
      check.refuse(sampleRollout(1).summary);
      expect(() => check.refuse(failed(kind, "E"))).not.toThrow();
      expect(() => new MisuseCheck(true).refuse(failed(kind, "E"))).not.toThrow();
    },
  );

  it.for([
    ["pkg cannot be imported in the memory it has: libx.so: failed to map segment", "--memory-mb"],
    ["A-v0 cannot be made without arguments: missing 1", "--env-arg KEY=JSON"],
    [
      "pkg needs the module tkinter.ttk of Python's standard library, which this image does not have",
      "--add tkinter.py:/opt/python/site-packages/tkinter.py",
    ],
    ["pkg needs the module scipy, which is not in this image", "--packages scipy"],
    ["pkg needs the system library libGL.so.1, which is not in this image; b", "image lock --system libgl1 "],
    ["pkg looks for a file of its own, pkg/libx.so, which the package", "--packages NAME==VERSION"],
  ] as const)("says what mends it: %s", ([message, mend]) => {
    expect(() => new MisuseCheck().refuse(failed("unknown_environment", "E", message))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(mend) as string }),
    );
  });

  it("is never read from the name of a class", () => {
    for (const type of ["UnknownEnvironment", "BadPolicy", "NoPolicy"])
      expect(() => new MisuseCheck().refuse(failed("raised", type))).not.toThrow();
  });
});
