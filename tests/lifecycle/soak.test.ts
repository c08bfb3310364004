import { availableParallelism } from "node:os";
import { beforeAll, expect, test } from "vitest";

import { soak, type SoakReport } from "./soak.ts";
import { honestSpecs, hostileSpecs } from "./soak-mix.ts";

/* Two thousand rollouts on one zygote, a fifth of them attackers; `npm run soak` takes as many as there is time for. */

let report: SoakReport;
beforeAll(async () => {
  const concurrency = 2 * availableParallelism();
  report = await soak({ rollouts: 2000, hostile: 0.2, window: 500, concurrency });
}, 300_000);

test("every honest rollout among attackers has the digest it has alone", () => {
  expect(report.wrong).toEqual([]);
  expect(report.hostile).toBeGreaterThanOrEqual(400);
});

test("the two-thousandth child of a zygote, beside attackers, gives the bytes of a fresh zygote's only one", () => {
  expect(report.twins).toHaveLength(honestSpecs.length);
  for (const { envName, alone, last } of report.twins) expect(last, envName).toBe(alone);
  expect(report.last.zygotes).toBe(1);
});

test("every kind of attack was one", () => {
  // A policy that writes garbage to its link is at fault by that, and no attacker plays to the end.
  const kinds = ["memory_limit", "cpu_limit", "process_limit", "output_limit", "wall_limit"];
  const faults = ["protocol_error", "env_error", "policy_error"];
  expect(Object.keys(report.outcomes)).toEqual(expect.arrayContaining([...kinds, ...faults]));
  const ended = Object.values(report.outcomes).reduce((sum, count) => sum + count, 0);
  expect(ended).toBe(report.hostile);
  expect(hostileSpecs.length).toBeGreaterThan(15);
});

test("nothing grows", () => {
  // How long a rollout takes is another matter while other tests run beside it: `npm run soak` judges it.
  expect(report.grown.filter((sentence) => !sentence.startsWith("p99Ms"))).toEqual([]);
});
