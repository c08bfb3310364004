import { expect, it, vi } from "vitest";

import type { Cli } from "../../../src/cli/cli.ts";
import { recordWithProgress } from "../../../src/cli/record-with-progress.ts";
import { openFleet } from "../../../src/fleet/open-fleet.ts";
import type { OpenRun, RecordRunConfig } from "../../../src/store/record-run.ts";
import { summaryOf } from "../fleet/some-rollouts.ts";

/** A run that a fleet takes back after two rollouts, the second of which is another one then. */
vi.mock("../../../src/store/record-run.ts", () => ({
  recordRun: async ({ onOpen, onRollout }: RecordRunConfig): Promise<OpenRun> => {
    const run = { runId: "r", dir: "/d", recorded: 0, total: 3 };
    for (const digests of [
      ["a", "b"],
      ["a", "other", "c"],
    ]) {
      onOpen?.(run);
      for (const [seed, digest] of digests.entries()) onRollout?.(summaryOf({ seed, digest }));
    }
    return run;
  },
}));

it("says again only what differs after a fleet has taken a run back, and counts from the beginning", async () => {
  const lines: string[] = [];
  const notes: string[] = [];
  const cli = {
    args: [],
    output: { write: async (text: string) => void lines.push(text) },
    status: { live: false, note: (line: string) => notes.push(line), clear: () => {}, show: () => {} },
    paintStatus: (_: string, text: string) => text,
    signal: new AbortController().signal,
  } as unknown as Cli;
  const request = { envName: "x", seeds: [0, 1, 2], fleet: openFleet("redis://nowhere") };
  const { recorded } = await recordWithProgress(cli, request, true);
  expect(lines.map((line) => JSON.parse(line) as { seed: number; digest: string })).toMatchObject(
    [
      [0, "a"],
      [1, "b"],
      [1, "other"],
      [2, "c"],
    ].map(([seed, digest]) => ({ seed, digest })),
  );
  expect(recorded).toBe(3);
  expect(notes.join()).toContain("the run begins anew");
});
