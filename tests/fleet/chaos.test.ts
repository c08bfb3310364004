/*
 * A short schedule of faults on each kind of ground, three hosts, each in a network namespace of its own. Many and longer ones: `npm run chaos`.
 * Without root there are no namespaces, and nothing is tested.
 */
import { afterAll, expect, it, vi } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { chaosChoice } from "./chaos/chaos-choice.ts";
import { canMakeNetworks } from "./chaos/network.ts";
import { runSchedule } from "./chaos/run-schedule.ts";
import { type Ground, scheduleOf } from "./chaos/schedule.ts";
import { hasPostgres } from "./postgres-server.ts";
import { hasRedis } from "./redis-server.ts";

vi.setConfig({ testTimeout: 180_000 });

const isHere = hasRedis && canMakeNetworks();
if (!isHere) console.error("no network namespaces can be made here: chaos is not tested");

afterAll(closeSandboxes);

it("has the same faults for the same seed", () => {
  const how = { faults: 40, hosts: 3, gapMs: 1_000 };
  expect(scheduleOf(5, how)).toEqual(scheduleOf(5, how));
  expect(new Set(scheduleOf(5, how).map(({ kind }) => kind)).size).toBeGreaterThan(6);
});

it.each([
  [["--queue", "postgress"], "--queue: "],
  [["--store", "S3"], "--store: "],
  [["--rollouts", "many"], "--rollouts: "],
  [["--schedules", "0"], "--schedules: "],
  [["--lair"], "--lair"],
])("takes %j for no choice of what to run on", (args, what) => {
  expect(chaosChoice(args)).toMatchObject({ wrong: expect.stringContaining(what) });
  expect(chaosChoice(["--queue", "postgres", "--store", "s3", "--first", "7"])).toMatchObject({
    first: 7,
    ground: { queue: "postgres", store: "s3" },
  });
});

const grounds: readonly (readonly [Ground, number])[] = [
  [{ queue: "redis", store: "folder" }, 18],
  ...(hasPostgres ? [[{ queue: "postgres", store: "folder" }, 2] as const] : []),
  [{ queue: "redis", store: "s3" }, 14],
];

it.skipIf(!isHere).each(grounds)(
  "on %o ends with the root of one quiet host, and leaves nothing",
  async (ground, seed) => {
    const report = await runSchedule({ seed, rollouts: 120, faults: 3, gapMs: 700, ground });
    expect(report).toMatchObject({
      sameRoot: true,
      certificate: "intact",
      unrecorded: 0,
      quarantined: [],
      exitCodes: [0, 0, 0],
      left: { processes: 0, mounts: [] },
      queueKeys: [],
    });
    expect(report.duplicates).toBeLessThan(60);
  },
);
