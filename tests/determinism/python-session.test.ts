import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import type { TypedObject } from "../../src/model/cbor/typed-value.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-session-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

const session = { envName: "sameseed/PythonSession-v0" } as const;

/** What a program would like to ask of the world. */
const sources = [
  "import os, random, time, uuid, secrets",
  "random.random(), time.time(), uuid.uuid4(), secrets.token_hex(4), os.urandom(3)",
  "open('/tmp/notes', 'w').write('kept')",
  "open('/tmp/notes').read(), sorted(os.listdir('/tmp'))",
  "{f'{n}' for n in range(20)}",
  "1 / 0",
  "import numpy; numpy.random.normal(size=3)",
  "time.sleep(3600); time.monotonic()",
];

it("answers a program the same each time, whatever it asks, and another seed otherwise", async () => {
  const seen: unknown[] = [];
  await using rollout = await openRollout({ ...session, seed: 5 });
  for (const source of sources) seen.push((await rollout.step(source)).observation);
  const { contentDigest, digest } = await rollout.close();
  const listed = await runRollout({ ...session, seed: 5, policy: { actions: sources } });
  expect(listed.contentDigest).toBe(contentDigest);
  expect(digest).not.toBe(listed.digest);
  const other = await runRollout({ ...session, seed: 6, policy: { actions: sources } });
  expect(other.contentDigest).not.toBe(contentDigest);
  const results = seen.map((each) => (each as TypedObject)["result"]);
  expect(results[3]).toBe("('kept', ['notes'])");
});

it("is verified with the recorded sources, addresses and those that used up their time included", async () => {
  const dir = join(folder, "run");
  await recordRun({
    ...session,
    envArgs: { time_ms: 200 },
    seeds: [1, 2],
    dir,
    policy: ({ step, seed }) => {
      // Addresses are those of a rollout that asks its caller; where a list answers, memory is laid out otherwise.
      if (step === 1) return "object(), {object() for n in range(20)}, print";
      if (step <= sources.length) return sources[step - 1]!;
      return seed === 1 ? "raise SystemExit" : "print('lost')\nwhile True: pass";
    },
  });
  expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 2, fedFromRecording: ["agent"] });
});
