// `node scripts/record-golden.ts [NAME...] [--overwrite]`: records the golden trajectories that are missing. One that is
// there and comes out otherwise is named with its first difference, and replaced only where --overwrite asks for it.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { closeSandboxes } from "../src/sandbox/sandbox-host.ts";
import {
  firstDifference,
  formatGolden,
  goldenPath,
  goldenSpecs,
  playGolden,
  readGolden,
  type GoldenSpec,
} from "../tests/golden/golden-trajectories.ts";

async function main(args: readonly string[]): Promise<number> {
  const overwrite = args.includes("--overwrite");
  const names = args.filter((arg) => arg !== "--overwrite");
  const unknown = names.filter((name) => !goldenSpecs.some((spec) => spec.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `There is no golden trajectory ${unknown.join(", ")}; see tests/golden/golden-trajectories.ts.\n`,
    );
    return 2;
  }
  let refused = 0;
  for (const spec of goldenSpecs.filter(({ name }) => names.length === 0 || names.includes(name))) {
    if (!(await record(spec, overwrite))) refused++;
  }
  if (refused > 0) process.stderr.write(`${refused} not replaced; --overwrite replaces them.\n`);
  return refused > 0 ? 1 : 0;
}

/** Returns false where a golden trajectory differs and may not be replaced. */
async function record(spec: GoldenSpec, overwrite: boolean): Promise<boolean> {
  const golden = readGolden(spec.name);
  const now = await playGolden(spec);
  const difference = golden === undefined ? "recorded" : firstDifference(golden, now);
  process.stdout.write(`${spec.name}: ${difference ?? "unchanged"}\n`);
  if (difference === undefined) return true;
  if (golden !== undefined && !overwrite) return false;
  mkdirSync(dirname(goldenPath(spec.name)), { recursive: true });
  writeFileSync(goldenPath(spec.name), formatGolden(now));
  return true;
}

process.exitCode = await main(process.argv.slice(2));
await closeSandboxes();
