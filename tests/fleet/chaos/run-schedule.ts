import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { homeFolder } from "../../../src/base/home.ts";
import { checkFleetCertificate } from "../../../src/fleet/certificate.ts";
import { seedsOf } from "../../../src/fleet/chunk.ts";
import { readRecord } from "../../../src/fleet/commit.ts";
import { leafOf, merkleRoot } from "../../../src/fleet/merkle.ts";
import { openFleet } from "../../../src/fleet/open-fleet.ts";
import type { ObjectStore } from "../../../src/store/objects/object-store.ts";
import { openObjects } from "../../../src/store/objects/open-objects.ts";
import { recordRun } from "../../../src/store/record-run.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { mounts, newMounts } from "../../lifecycle/left-behind.ts";
import { ChaosFleet } from "./chaos-fleet.ts";
import { type Ground, scheduleOf, type Timed } from "./schedule.ts";

/** How a batch runs under faults. */
export interface ChaosOptions {
  readonly seed: number;
  readonly rollouts: number;
  readonly faults: number;
  readonly gapMs: number;
  /** Whether the last host lies in some of its rollouts. */
  readonly lies?: boolean;
  /** @default Redis and a folder */
  readonly ground?: Ground;
  readonly onLog?: (line: string) => void;
}

/** What is left, and what came of it: the same for every schedule but for the numbers. */
export interface ChaosReport {
  readonly schedule: readonly Timed[];
  readonly wallMs: number;
  /** Whether the root over the rollouts is that of the quiet run of one host. */
  readonly sameRoot: boolean;
  readonly certificate: string;
  /** Seeds that no record has. */
  readonly unrecorded: number;
  readonly quarantined: readonly string[];
  /** Rollouts that were run twice, beside those of audits. */
  readonly duplicates: number;
  readonly exitCodes: readonly unknown[];
  readonly left: { readonly processes: number; readonly mounts: readonly string[]; readonly spool: number };
  readonly queueKeys: readonly string[];
}

const names = ["host-a", "host-b", "host-c"];

/** Runs one batch on three hosts while what a schedule says goes wrong, and looks at everything afterwards. */
export async function runSchedule(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, rollouts, faults, gapMs, lies = false, onLog = () => {} } = options;
  const { ground = { queue: "redis", store: "folder" } } = options;
  const schedule = scheduleOf(seed, { faults, hosts: lies ? names.length - 1 : names.length, gapMs, ground });
  await using fleet = await ChaosFleet.start(ground, names, lies ? names.length - 1 : undefined);
  const before = mounts();
  const config = { envName: "CartPole-v1", seeds: Array.from({ length: rollouts }, (_, at) => at) };
  const quiet = fleet.path("quiet");
  await recordRun({ ...config, dir: quiet });
  const dir = fleet.path("far");
  const startedAt = performance.now();
  const over = new AbortController();
  const hurting = (async () => {
    for (const fault of schedule) {
      const ms = Math.max(0, fault.atMs - (performance.now() - startedAt));
      await sleep(ms, undefined, { signal: over.signal }).catch(() => {});
      if (over.signal.aborted) return;
      onLog(`${Math.round(performance.now() - startedAt)} ms: ${JSON.stringify(fault)}`);
      await fleet.hurt(fault);
    }
  })();
  const audited = lies ? 1 : 0.05;
  const run = recordRun({
    ...config,
    dir,
    fleet: openFleet(fleet.queue, { store: fleet.store, audit: audited, onNote: onLog }),
  }).finally(() => over.abort());
  await Promise.all([run, hurting]);
  const wallMs = Math.round(performance.now() - startedAt);
  await fleet.settle();
  const { codes, left } = await fleet.drain();
  const store = await openObjects(fleet.store);
  const check = await checkFleetCertificate(dir, store);
  const certificate = "certificate" in check ? check.certificate : undefined;
  return {
    schedule,
    wallMs,
    certificate: check.state,
    sameRoot: certificate?.root === (await rootOf(quiet, certificate?.spec ?? "")),
    unrecorded: await unrecordedIn(store, config.seeds),
    quarantined: certificate?.quarantined ?? [],
    duplicates: (certificate?.again.lease ?? 0) + (certificate?.again.hedge ?? 0),
    exitCodes: codes,
    left: { processes: left.length, mounts: newMounts(before), spool: spooled() },
    queueKeys: await fleet.chunkKeys(),
  };
}

async function rootOf(dir: string, spec: string): Promise<string> {
  using reader = await RunReader.open(dir);
  return merkleRoot([...reader.rows()].map((row) => leafOf(spec, row)));
}

async function unrecordedIn(store: ObjectStore, seeds: readonly number[]): Promise<number> {
  const missing = new Set(seeds);
  for await (const key of store.list("chunks/"))
    for (const seed of seedsOf((await readRecord(store, key))?.seeds ?? [])) missing.delete(seed);
  return missing.size;
}

/** What is in the spool. What a killed host left goes when the next one makes a place there. */
function spooled(): number {
  const spool = join(homeFolder(), "spool");
  return existsSync(spool) ? readdirSync(spool).length : 0;
}
