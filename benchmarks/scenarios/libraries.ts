/*
 * Zygotes of images that have JAX or torch, beside one that has gymnasium alone. A zygote imports neither: both start threads, which
 * a copy would not have. So each sandbox imports what it uses, and that is what these figures show.
 */
import { listImages, resolveImage, type ResolvedImage } from "../../src/image/image-store.ts";
import { readRuntimeFiles } from "../../src/image/runtime-files.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import {
  pageTableMebibytes,
  privateMebibytes,
  residentMebibytes,
  runningPids,
  startIdle,
} from "../idle-sandboxes.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const memoryMb = 4096;

/** What a sandbox does with each library: import it and compute something small with it. */
const libraries: Readonly<Record<string, string>> = {
  jax: "import jax\nimport jax.numpy as jnp\njax.jit(lambda x: x + 1)(jnp.zeros(4)).block_until_ready()",
  torch: "import torch\n(torch.zeros(4) + 1).sum().item()",
};

interface Measured {
  readonly zygoteMs: number;
  readonly zygoteMebibytes: number;
  readonly readyMs: number;
  readonly sandboxMebibytes: number;
}

/** One zygote, from the call that starts it, and one sandbox of it that has done something and waits. */
async function measureOne(image: ResolvedImage, source: string): Promise<Measured> {
  // The host's world: in a sealed one no sandbox sleeps.
  const backend = new ZygoteBackend(image, { world: "host" });
  try {
    const calledAt = performance.now();
    await backend.warm(1);
    const zygoteMs = performance.now() - calledAt;
    const [zygote] = backend.zygotePids;
    const zygoteMebibytes = residentMebibytes(zygote!);
    const { sandbox, readyMs } = await startIdle(backend, source, memoryMb);
    const each = runningPids(backend).sandboxes.map((pid) => privateMebibytes(pid) + pageTableMebibytes(pid));
    sandbox.kill();
    await sandbox.ended;
    return { zygoteMs, zygoteMebibytes, readyMs, sandboxMebibytes: Math.max(...each) };
  } finally {
    await backend.close();
  }
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const plain = resolveImage(image);
  const runtime = readRuntimeFiles().digest;
  const cases = [{ what: "gymnasium", image: plain, source: "import gymnasium, numpy" }];
  for (const [name, source] of Object.entries(libraries)) {
    const found = listImages().find(
      ({ manifest }) => manifest.runtime === runtime && name in manifest.packages,
    );
    if (found === undefined) say(`  no image with ${name} is installed: it is left out`);
    else {
      const with_ = resolveImage(found.manifest.digest);
      cases.push({ what: `gymnasium, in an image with ${name}`, image: with_, source: cases[0]!.source });
      cases.push({ what: name, image: with_, source });
    }
  }
  const measured = cases.map((): Measured[] => []);
  // In turn, so that what else the machine does meets all of them alike; the first round only reads the files.
  for (let round = -1; round < (quick ? 3 : 11); round++)
    for (const [at, each] of cases.entries()) {
      const one = await measureOne(each.image, each.source);
      if (round >= 0) measured[at]!.push(one);
    }
  const of = (at: number, key: keyof Measured): number => median(measured[at]!.map((one) => one[key]));
  return cases.flatMap(({ what }, at): Figure[] => [
    { name: `${what}: start of the zygote p50`, value: of(at, "zygoteMs"), unit: "ms" },
    { name: `${what}: resident memory of the zygote`, value: of(at, "zygoteMebibytes"), unit: "MiB" },
    { name: `${what}: start of a sandbox until it has used it, p50`, value: of(at, "readyMs"), unit: "ms" },
    {
      name: `${what}: private memory and page tables of that sandbox`,
      value: of(at, "sandboxMebibytes"),
      unit: "MiB",
    },
  ]);
}

/** What JAX and torch cost a zygote and its sandboxes. */
export const librariesScenario: Scenario = {
  name: "libraries",
  about: "zygotes and sandboxes that use JAX or torch, beside gymnasium alone",
  run,
};
