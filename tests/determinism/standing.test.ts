/* What a sealed program is told of its priority, its scheduling class and its limits, whoever starts Sameseed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { type Said, startedWith } from "./started-by.ts";

const root = join(import.meta.dirname, "../..");

/** A program asks in each kind of sandbox, then an environment does, in a rollout and in a branch. */
const script = `
  const { Sandbox, closeSandboxes, runRollout } = await import(${JSON.stringify(join(root, "src/index.ts"))});
  const { readFileSync } = await import("node:fs");
  const asks = readFileSync(process.argv[1]);
  const said = {};
  for (const backend of ["zygote", "cold"])
    for (const world of ["sealed", "host"]) {
      await using sandbox = await Sandbox.create({ backend, world });
      await sandbox.files.write("/tmp/asks", asks);
      said[backend + " " + world] = (await sandbox.run("sh", { args: ["-c", "chmod 755 /tmp/asks; exec /tmp/asks"] })).stdoutText;
    }
  const envName = ${JSON.stringify(join(import.meta.dirname, "world/fixtures/places.py:Standing"))};
  const played = await runRollout({ envName, seed: 1, policy: { actions: [0, 0] } });
  said.rollout = played.contentDigest;
  said.observation = JSON.stringify([...played.trajectory.steps()].at(-1).observation);
  const { openRollout } = await import(${JSON.stringify(join(root, "src/rollout/open-rollout.ts"))});
  const rollout = await openRollout({ envName, seed: 1 });
  await rollout.step(0);
  const [branch] = await rollout.branch({ count: 1 });
  await branch.step(0);
  await rollout.step(0);
  said.trunk = (await rollout.close()).contentDigest;
  said.branch = (await branch.close()).contentDigest;
  await closeSandboxes();
  console.log(JSON.stringify(said));`;

const startedBy = startedWith("standing.c", script);

/** A limit of 0 cannot be raised, and a host that pipes core files to a program does not start with it. */
const core = readFileSync("/proc/sys/kernel/core_pattern", "utf8").startsWith("|") ? [] : ["--core=0"];

describe("how a process stands among others", () => {
  let plain: Said;
  beforeAll(() => {
    plain = startedBy();
  });

  it("is what an ordinary process has, asked for in whichever way", () => {
    const [first, ...others] = plain["zygote sealed"]!.split("\n");
    const limits = first!.replace("getrlimit: ", "");
    expect(limits.split(" ").filter((_, which) => ![0, 6, 9].includes(which))).toEqual([
      "67108864/67108864",
      "-1/-1",
      "8388608/8388608",
      "1/1",
      "-1/-1",
      "256/256",
      "0/0",
      "-1/-1",
      "256/256",
      "0/0",
      "0/0",
      "0/0",
      "-1/-1",
    ]);
    const asked =
      process.arch === "x64" ? ["prlimit", "instruction", "older instruction"] : ["prlimit", "instruction"];
    const [processes] = limits.split(" ")[6]!.split("/");
    expect(others).toEqual([
      // The C library asks by it before the world can answer, and programs are begun with more.
      ...asked.map(
        (how) => `${how}: ${how === "instruction" ? limits.replace("/8388608", "/268435456") : limits}`,
      ),
      `inside libc: files 256, processes ${processes}`,
      "priority 0, instruction 20",
      "of nobody -1, -3",
      "class 0, instruction 0",
      "of nobody -1, -3",
      "param 0 0, thread 0 0 0",
      "turn 0 0.004000000, instruction 0 0.004000000",
      "",
    ]);
    expect(plain["cold sealed"]).toBe(plain["zygote sealed"]);
    expect(plain["trunk"]).toBe(plain["branch"]);
    expect(plain["trunk"]).toBe(plain["rollout"]);
  });

  it("is the same whatever Sameseed was started with, where the host's world tells it", () => {
    const limits = ["--data=17179869184", "--rss=9999999999", "--rttime=1000000", "--locks=77", ...core];
    const odd = startedBy("nice", "-n", "7", "chrt", "--batch", "0", "prlimit", ...limits);
    const { "zygote host": host, "cold host": coldHost, ...sealed } = odd;
    const { "zygote host": _, "cold host": __, ...expected } = plain;
    expect(sealed).toEqual(expected);
    for (const told of [host, coldHost]) {
      expect(told).toContain("17179869184/17179869184");
      expect(told).toContain("priority 7, instruction 13");
      expect(told).toContain("class 3, instruction 3");
    }
  });
});
