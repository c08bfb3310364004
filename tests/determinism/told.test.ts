/* What a sealed program is told of the host's settings, its users and its processor, whoever starts Sameseed. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { type Said, startedWith } from "./started-by.ts";

const root = join(import.meta.dirname, "../..");

/** A program asks in each kind of sandbox, then an environment does. */
const script = `
  const { Sandbox, closeSandboxes, runRollout } = await import(${JSON.stringify(join(root, "src/index.ts"))});
  const { readFileSync } = await import("node:fs");
  const asks = readFileSync(process.argv[1]);
  const said = {};
  for (const [backend, world] of [["zygote", "sealed"], ["cold", "sealed"], ["zygote", "host"]]) {
    await using sandbox = await Sandbox.create({ backend, world });
    await sandbox.files.write("/tmp/asks", asks);
    said[backend + " " + world] = (await sandbox.run("sh", { args: ["-c", "chmod 755 /tmp/asks; exec /tmp/asks"] })).stdoutText;
  }
  const envName = ${JSON.stringify(join(import.meta.dirname, "world/fixtures/told.py:Told"))};
  const below = (await runRollout({ envName: envName + "Below", seed: 1, policy: { actions: [0] } })).receipt;
  said.below = below.tier + " " + below.world.notHeld.join(" ");
  const { receipt, trajectory, contentDigest } = await runRollout({ envName, seed: 1, policy: { actions: [0] } });
  said.rollout = JSON.stringify([...trajectory.steps()].at(-1).observation);
  said.digest = contentDigest;
  said.receipt = receipt.tier + " " + receipt.world.notHeld.join(" ") + " " + receipt.wall.user.ids;
  await closeSandboxes();
  console.log(JSON.stringify(said));`;

const startedBy = startedWith("told.c", script);

describe("what the host's settings are", () => {
  let plain: Said;
  beforeAll(() => {
    plain = startedBy();
  });

  it("is a constant, asked for in whichever way", () => {
    const nobody = "65534 65534 65534 65534";
    const pair = "0 212992 0 212992 -1 0 -1 0 takes 1";
    const used = [
      "function wait4",
      "number wait4",
      "instruction wait4",
      "number waitid",
      "instruction waitid",
    ];
    const x86 = ["processor: 2 2 -22 0"];
    expect(plain["zygote sealed"]!.split("\n")).toEqual([
      "ignored:",
      `owners: ${`${nobody}, `.repeat(5)}1000 1000 1000 1000, end of a folder -1 without a time -1 -1 Operation not permitted`,
      `pair: ${pair}`,
      `instruction: ${pair}`,
      "of the network -97",
      ...used.map((how) => `${how}: 0 0`),
      "caches: 32768 262144 8388608 0",
      "stack of a signal: 16384 16384 65536",
      "auxv: 0 0",
      "barriers: 504 504",
      ...(process.arch === "x64" ? x86 : []),
      "",
    ]);
    expect(plain["cold sealed"]).toBe(plain["zygote sealed"]);
  });

  it("is the same where whoever starts Sameseed ignores signals", () => {
    const odd = startedBy("bash", "-c", 'trap "" HUP USR1 34 35 50 64; exec "$@"', "bash");
    const { "zygote host": _, ...sealed } = odd;
    const { "zygote host": __, ...expected } = plain;
    expect(sealed).toEqual(expected);
  });

  it("is told where a program asks for what this host's sandboxes may not have", () => {
    const [tier, epoll, ids] = plain["receipt"]!.split(" ");
    expect(ids === "shared" ? epoll : "").toBe(ids === "shared" ? "epoll" : "");
    expect(plain["below"]).toBe([tier, epoll].join(" "));
    if (ids === "shared") expect(tier).not.toBe("T2");
  });
});
