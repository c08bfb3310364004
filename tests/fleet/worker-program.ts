/*
 * A worker whose leases are short: `node worker-program.ts OPTIONS`, with the options of `startFleetWorker` as JSON.
 * With `lies` its rollouts are not what their seeds give. It says `{pid, agent}` when it takes chunks.
 */
import { writeSync } from "node:fs";

import { startFleetWorker } from "../../src/fleet/worker/fleet-worker.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";
import type { HostOptions } from "./host.ts";
import { withOneBitTurned } from "./lying.ts";

const { lies, ...options } = JSON.parse(process.argv[2] ?? "{}") as HostOptions;

const tamper = (rollout: RecordedRollout): RecordedRollout =>
  lies === true || rollout.summary.seed % 100 === 7 ? withOneBitTurned(rollout) : rollout;

const worker = await startFleetWorker({
  ...options,
  leases: { lockMs: 2_000, checkMs: 1_000 },
  ...(lies === undefined || lies === false ? {} : { tamper }),
  onLog: (line) => void process.stderr.write(`${line}\n`),
});
process.on("SIGTERM", () => {
  void worker
    .drain(10_000)
    .then(closeSandboxes)
    .then(() => process.exit(0));
});
// Last: whoever reads it may end this program at once.
writeSync(1, `${JSON.stringify({ pid: process.pid, agent: worker.agentPid })}\n`);
