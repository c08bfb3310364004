import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

import { listImages } from "../../src/image/image-store.ts";
import { readRuntimeFiles } from "../../src/image/runtime-files.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import { closeSandboxes, sharedBackend } from "../../src/sandbox/sandbox-host.ts";
import { listEnvironments as listIds } from "../../src/verify/audit/audit-all.ts";

/** The path of a file in `fixtures/`, or `file.py:Class` there. */
export function fixture(name: string): string {
  return join(import.meta.dirname, "fixtures", name);
}

/** A folder that goes when the tests of the file are over, and with it every sandbox. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-determinism-"));
  afterAll(async () => {
    await closeSandboxes();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Runs a Python file of `fixtures/` in a sandbox and returns what it printed; `task` is its environment's TASK. */
export async function runScript(name: string, task: unknown = null): Promise<string> {
  const backend = sharedBackend("gymnasium", "zygote", "host");
  const printed = { stdout: "", stderr: "", stream: "" };
  const [sandbox] = await backend.start({
    members: [
      {
        job: {
          entry: "script",
          name,
          source: readFileSync(fixture(name), "utf8"),
          files: [],
          env: { TASK: JSON.stringify(task) },
        },
        limits: defaultLimits,
      },
    ],
    links: [],
    onOutput: (_, channel, data) => {
      printed[channel] += data.toString();
    },
  });
  const end = await sandbox!.ended;
  if (end.exitCode !== 0)
    throw new Error(`${name} ended with ${end.cause} ${end.exitCode}: ${printed.stderr}`);
  return printed.stdout;
}

/** An environment of Gymnasium's own two families, and the newest version of it. */
export interface ListedEnvironment {
  readonly id: string;
  readonly newest: string;
}

/** Gymnasium's classic-control and toy-text environments, as the image's Gymnasium lists them. */
export async function listEnvironments(): Promise<ListedEnvironment[]> {
  return JSON.parse(await runScript("list_environments.py")) as ListedEnvironment[];
}

/** An environment, and the digest of the image that has it. */
export interface InstalledEnvironment {
  readonly image: string;
  readonly envName: string;
}

/** The images that `npm test` builds, or what SAMESEED_TEST_IMAGES names: others that a machine happens to have make no difference. */
const testedImages = (process.env["SAMESEED_TEST_IMAGES"] ?? "gymnasium,pettingzoo,box2d").split(",");

/** Every environment of the images that are tested. An image of another version of this package has another referee. */
export async function installedEnvironments(): Promise<InstalledEnvironment[]> {
  const runtime = readRuntimeFiles().digest;
  const images = listImages().filter(
    ({ manifest, names }) =>
      names.some((name) => testedImages.includes(name)) &&
      manifest.runtime === runtime &&
      "gymnasium" in manifest.packages,
  );
  const listed = await Promise.all(
    images.map(async ({ manifest: { digest } }) =>
      (await listIds(digest)).map((envName) => ({ image: digest, envName })),
    ),
  );
  return listed.flat();
}

/** Runs `task(0)` to `task(count - 1)`, some at one time, and returns what they gave, in order. */
export async function inParallel<T>(
  count: number,
  concurrency: number,
  task: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, concurrency) }, work));
  return results;
}
