/*
 * `npm run chaos -- [--first SEED] [--schedules N] [--rollouts N] [--faults N] [--liar]
 * [--queue redis|postgres] [--store folder|s3]`: batches on three hosts in network
 * namespaces of their own while what seeded schedules say goes wrong. A schedule that fails is printed with its seed, which
 * gives the same faults again. Root is needed.
 */
import { closeSandboxes } from "../src/sandbox/sandbox-host.ts";
import { chaosChoice } from "../tests/fleet/chaos/chaos-choice.ts";
import { canMakeNetworks } from "../tests/fleet/chaos/network.ts";
import { runSchedule } from "../tests/fleet/chaos/run-schedule.ts";

const choice = chaosChoice(process.argv.slice(2));
if ("wrong" in choice) {
  console.error(choice.wrong);
  process.exit(2);
}
const { first, schedules, ...how } = choice;

if (!canMakeNetworks()) {
  console.error("network namespaces cannot be made: run as root");
  process.exit(2);
}

let failed = 0;
for (let at = 0; at < schedules; at++) {
  const seed = first + at;
  const log: string[] = [];
  try {
    const report = await runSchedule({ ...how, seed, onLog: (line) => log.push(line) });
    const { processes, mounts } = report.left;
    const isWhole =
      report.sameRoot &&
      report.certificate === "intact" &&
      report.unrecorded === 0 &&
      report.queueKeys.length === 0 &&
      processes === 0 &&
      mounts.length === 0 &&
      report.exitCodes.every((code) => code === 0) &&
      (!how.lies || report.quarantined.includes("host-c"));
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
