/*
 * `npm run chaos -- [--first SEED] [--schedules N] [--rollouts N] [--faults N] [--liar]
 * [--queue redis|postgres] [--store folder|s3]`: batches on three hosts in network
 * namespaces of their own while what seeded schedules say goes wrong. A schedule that fails is printed with its seed, which
 * gives the same faults again. Root is needed.
 */
import { parseArgs } from "node:util";

import { closeSandboxes } from "../src/sandbox/sandbox-host.ts";
import { runSchedule } from "../tests/fleet/chaos/run-schedule.ts";
import { canMakeNetworks } from "../tests/fleet/chaos/network.ts";

const { values } = parseArgs({
  options: {
    first: { type: "string", default: "1" },
    schedules: { type: "string", default: "3" },
    rollouts: { type: "string", default: "600" },
    faults: { type: "string", default: "5" },
    gap: { type: "string", default: "3000" },
    liar: { type: "boolean", default: false },
    queue: { type: "string", default: "redis" },
    store: { type: "string", default: "folder" },
  },
});

if (!canMakeNetworks()) {
  console.error("network namespaces cannot be made: run as root");
  process.exit(2);
}

let failed = 0;
for (let at = 0; at < Number(values.schedules); at++) {
  const seed = Number(values.first) + at;
  const log: string[] = [];
  try {
    const report = await runSchedule({
      seed,
      rollouts: Number(values.rollouts),
      faults: Number(values.faults),
      gapMs: Number(values.gap),
      lies: values.liar,
      ground: {
        queue: values.queue === "postgres" ? "postgres" : "redis",
        store: values.store === "s3" ? "s3" : "folder",
      },
      onLog: (line) => log.push(line),
    });
    const { processes, mounts } = report.left;
    const isWhole =
      report.sameRoot &&
      report.certificate === "intact" &&
      report.unrecorded === 0 &&
      report.queueKeys.length === 0 &&
      processes + mounts === 0 &&
      report.exitCodes.every((code) => code === 0) &&
      (!values.liar || report.quarantined.includes("host-c"));
    console.log(JSON.stringify({ seed, ok: isWhole, ...report }));
    if (isWhole) continue;
  } catch (error) {
    console.log(JSON.stringify({ seed, ok: false, error: String(error) }));
  }
  failed++;
  for (const line of log) console.error(`seed ${seed}: ${line}`);
}
await closeSandboxes();
process.exit(failed === 0 ? 0 : 1);
