// `node scripts/record-numbers.ts [IMAGE...] [--overwrite]`: adds what a sealed zygote of each image computes to
// `images/numeric-fingerprints.json`. Results that are there and come out otherwise are named, and replaced only where
// --overwrite asks for it. To be run on an x86-64-v3 host whose other pins hold.
import { writeFileSync } from "node:fs";

import { defaultImageName } from "../src/image/default-image.ts";
import { resolveImage } from "../src/image/image-store.ts";
import { packagedFile } from "../src/image/runtime-files.ts";
import { acquireHostResources, releaseHostResources } from "../src/sandbox/linux/host-resources.ts";
import { startZygote } from "../src/sandbox/zygote/start-zygote.ts";
import { judgeNumbers, packagedNumbers, type NumericReport } from "../src/sandbox/zygote/zygote-report.ts";

const file = packagedFile("images/numeric-fingerprints.json");

async function main(args: readonly string[]): Promise<number> {
  const overwrite = args.includes("--overwrite");
  const names = args.filter((arg) => arg !== "--overwrite");
  const known = { ...packagedNumbers() };
  let refused = 0;
  for (const name of names.length === 0 ? [defaultImageName] : names) {
    const { libraries, digests, failed } = await numbersOf(name);
    const { differing, known: isKnown } = judgeNumbers({ libraries, digests, failed });
    const says = isKnown ? (differing.length === 0 ? "unchanged" : `others: ${differing.join(", ")}`) : "new";
    process.stdout.write(`${name}: ${libraries}: ${says}\n`);
    if (failed.length > 0)
      process.stderr.write(`${name}: not recorded, for these do not hold: ${failed.join(", ")}\n`);
    if (failed.length > 0 || (differing.length > 0 && !overwrite)) refused++;
    else known[libraries] = Object.fromEntries(Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  writeFileSync(file, `${JSON.stringify(known, undefined, 2)}\n`);
  return refused > 0 ? 1 : 0;
}

async function numbersOf(imageName: string): Promise<NumericReport> {
  const resources = await acquireHostResources();
  try {
    const zygote = await startZygote(resolveImage(imageName), resources, 1, { world: "sealed" });
    await zygote.close();
    const { numeric } = zygote.ready.report;
    if (numeric === undefined) throw new Error(`the zygote of ${imageName} reports no numbers`);
    return numeric;
  } finally {
    await releaseHostResources();
  }
}

process.exitCode = await main(process.argv.slice(2));
