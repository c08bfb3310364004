import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { SameseedError } from "../../../../src/base/error.ts";
import { homeFolder } from "../../../../src/base/home.ts";
import { formatChecks } from "../../../../src/cli/commands/doctor.ts";
import { asSameseedError, formatError } from "../../../../src/cli/render/error-text.ts";
import { formatDivergence } from "../../../../src/cli/render/divergence-text.ts";
import { plain } from "../../../../src/cli/render/style.ts";
import { formatVerification, judge, judgeReplay } from "../../../../src/cli/render/verification.ts";
import type { Divergence } from "../../../../src/model/trajectory.ts";
import type { VerifyResult } from "../../../../src/verify/verify-run.ts";

const divergence: Divergence = {
  step: 3,
  field: "observation",
  path: "observation[2]",
  expected: 0.5,
  actual: 0.25,
  expectedType: "float32",
  actualType: "float32",
  ulps: 2,
  differing: ["observation", "hidden"],
  agreeing: ["reward"],
};

const result: VerifyResult = {
  verified: true,
  rollouts: 2,
  equal: 2,
  diverged: [],
  failed: [],
  missing: 0,
  cutShort: false,
  image: { digest: "5".repeat(64), checked: "stamps" },
  imageDifferences: [],
  identicalSeeds: [],
  tier: "T2",
};

describe("formatError", () => {
  it("is a sentence and its fix, whatever the message holds", () => {
    const error = new SameseedError("bad_argument", "No.\nReally\u001b[2J.", { hint: "Do this." });
    expect(formatError(error, plain)).toBe("sameseed: No. Really\\x1b[2J\n  fix: Do this");
  });

  it("shows the stack and what is underneath only when it is asked for", () => {
    const error = asSameseedError(new TypeError("oops"));
    expect(error.code).toBe("internal");
    expect(formatError(error, plain)).not.toMatch(/\n\s+at /);
    expect(formatError(error, plain, true)).toMatch(/TypeError: oops\n\s+at /);
  });

  it("takes the system's refusals for what they are", () => {
    expect(asSameseedError(Object.assign(new Error("EMFILE: too many"), { code: "EMFILE" })).code).toBe(
      "io_failed",
    );
  });

  it.each(["ENOSPC", "EDQUOT", "EFBIG"])("%s is a full disk, with its fix", (code) => {
    const full = asSameseedError(
      Object.assign(new Error(`${code}: no space left on device, write`), { code }),
    );
    expect(full).toMatchObject({
      code: "disk_full",
      hint: expect.stringContaining("free some space") as unknown,
    });
  });

  it("tells a second user of a store whose it is", () => {
    const refused = (path: string): string | undefined =>
      asSameseedError(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES", path })).hint;
    expect(refused(join(homeFolder(), "images/names/mine.json"))).toContain("SAMESEED_HOME");
    expect(refused("/somewhere/else")).toBe(
      "check that the folder of /somewhere/else exists and that you may read and write it",
    );
  });
});

describe("formatDivergence", () => {
  it("names step, field, path, both values and what agrees", () => {
    expect(formatDivergence({ seed: 42 }, divergence, plain)).toEqual([
      "seed 42 diverged at step 3, in observation",
      "  path      observation[2]",
      "  recorded  0.5 float32",
      "  now       0.25 float32, 2 units in the last place apart",
      "  differ    observation, hidden",
      "  agree     reward",
    ]);
  });

  it("lets nothing of a recorded value reach the terminal", () => {
    const hostile = { ...divergence, expected: "\u009b2J", path: 'info["\u001b]0;x"]' };
    expect(formatDivergence({ seed: 1 }, hostile, plain).join("")).not.toMatch(/\p{Cc}/u);
  });
});

describe("verdicts", () => {
  it.for<[string, Partial<VerifyResult>, number, RegExp]>([
    ["equal", {}, 0, /^verified: 2 of 2 rollouts gave the same bytes again$/],
    [
      "diverged",
      { verified: false, equal: 1, diverged: [{ seed: 1, firstDivergence: divergence }] },
      4,
      /^not reproducible: 1 of 2 .* 1 diverged$/,
    ],
    [
      "failed alike",
      { verified: false, equal: 1, failed: [{ seed: 1, outcome: "env_error" }] },
      1,
      /^not verified: .* failed the same way both times$/,
    ],
  ])("%s", ([, part, code, last]) => {
    const whole = { ...result, ...part };
    expect(judge(whole)).toBe(code);
    const lines = formatVerification(whole, plain);
    expect(lines.at(-1)).toMatch(last);
    // What the receipts claim is not left standing where this run shows otherwise.
    expect(lines.some((line) => line.startsWith("tier none: "))).toBe(code === 4);
  });

  it("warns where all seeds gave the same, where some are missing, and where the image is another", () => {
    const lines = formatVerification(
      {
        ...result,
        missing: 3,
        identicalSeeds: [[1, 2]],
        imageDifferences: [{ what: "numpy", recorded: "2.0", present: "2.1" }],
      },
      plain,
    ).join("\n");
    expect(lines).toMatch(/3 seeds of the run are not recorded/);
    expect(lines).toMatch(/is the seed ignored\?/);
    expect(lines).toMatch(/numpy/);
  });

  it("a run that is not whole is not verified, and says whether its end was cut off", () => {
    const partial = { ...result, verified: false, missing: 1 };
    expect(judge(partial)).toBe(1);
    expect(formatVerification(partial, plain).at(-1)).toMatch(/^not verified: .*, 1 missing$/);
    expect(formatVerification({ ...partial, cutShort: true }, plain)[0]).toMatch(
      /cut off after it was written/,
    );
  });

  it("a replay that was cut off the same way proves nothing; one that answers otherwise is not reproducible", () => {
    const replay = {
      seed: 1,
      equal: false,
      outcome: "wall_limit",
      recordedOutcome: "wall_limit",
      steps: 3,
      totalReward: 3,
      expectedDigest: "sha256:1",
      digest: "sha256:2",
      imageDifferences: [],
    } as const;
    expect(judgeReplay({ ...replay, firstDivergence: { ...divergence, field: "length" } })).toBe(1);
    expect(judgeReplay({ ...replay, firstDivergence: divergence })).toBe(4);
    expect(judgeReplay({ ...replay, equal: true })).toBe(1);
    expect(judgeReplay({ ...replay, equal: true, outcome: "terminated" })).toBe(0);
  });
});

describe("formatChecks", () => {
  it("marks each check and ends with a verdict", () => {
    const ok = { name: "kernel", ok: true, warning: false, detail: "6.1" };
    expect(formatChecks([ok, { ...ok, warning: true, fix: "do" }], plain)).toEqual([
      "ok    kernel  6.1",
      "warn  kernel  6.1",
      "              fix: do",
      "",
      "sandboxes work on this host, with 1 warning",
    ]);
    expect(formatChecks([{ ...ok, ok: false }], plain).at(-1)).toBe(
      "sandboxes do not work on this host: 1 check failed",
    );
  });
});
