/* What a run recorded is its owner's alone, until the owner says otherwise. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleManifest, sampleRollout } from "./sample-rollout.ts";
import { temporaryFolder } from "./store-fixture.ts";

const child = join(import.meta.dirname, "append-child.ts");
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** Records a run in a process with this umask. */
function record(folder: string, umask: string): void {
  const command = `umask ${umask}; exec "$0" "$@"`;
  execFileSync("bash", ["-c", command, process.execPath, child, "full", folder, "3"]);
}

describe("a new run folder", () => {
  it.for([
    ["000", "777"],
    ["022", "755"],
    ["077", "700"],
  ])("is private under umask %s, and the folders above it are as usual", ([umask = "", usual]) => {
    const root = temporaryFolder();
    record(join(root, "runs", "run"), umask);
    expect(modeOf(join(root, "runs", "run"))).toBe("700");
    expect(modeOf(join(root, "runs"))).toBe(usual);
  });

  it("that its owner made before keeps its mode", async () => {
    const folder = join(temporaryFolder(), "run");
    mkdirSync(folder);
    chmodSync(folder, 0o750);
    const writer = await RunWriter.create(folder, sampleManifest(1));
    await writer.append(sampleRollout(0));
    await writer.close();
    expect(modeOf(folder)).toBe("750");
  });
});

describe.runIf(process.getuid?.() === 0)("another user", () => {
  const stranger = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  const reads = (path: string): boolean => spawnSync("setpriv", [...stranger, "cat", path]).status === 0;
  const lists = (path: string): boolean => spawnSync("setpriv", [...stranger, "ls", path]).status === 0;
  const allFiles = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile());

  it("reads nothing of a run, and all of it when the folder alone is shared", () => {
    const root = temporaryFolder();
    chmodSync(root, 0o755);
    const folder = join(root, "run");
    record(folder, "022");
    const files = allFiles(folder);
    expect(files.length).toBeGreaterThanOrEqual(3);
    expect(lists(root)).toBe(true);
    expect([lists(folder), ...files.map(reads)]).toEqual([false, ...files.map(() => false)]);
    chmodSync(folder, 0o755);
    expect([lists(folder), ...files.map(reads)]).toEqual([true, ...files.map(() => true)]);
  });
});
