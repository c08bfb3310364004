/*
 * A worker whose leases are short: `node worker-program.ts OPTIONS`, with the options of `startFleetWorker` as JSON. It
 * says `{pid, agent}` when it takes chunks.
 */
import { writeSync } from "node:fs";

import { type FleetWorkerOptions, startFleetWorker } from "../../src/fleet/worker/fleet-worker.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as FleetWorkerOptions;

const worker = await startFleetWorker({
  ...options,
  leases: { lockMs: 2_000, checkMs: 1_000 },
  onLog: (line) => void process.stderr.write(`${line}\n`),
});
writeSync(1, `${JSON.stringify({ pid: process.pid, agent: worker.agentPid })}\n`);
process.on("SIGTERM", () => {
  void worker
    .drain(10_000)
    .then(closeSandboxes)
    .then(() => process.exit(0));
});
