/* The whole corpus against the zygote backend in both worlds, and what of it is cheap to start cold. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import { ColdBackend } from "../../src/sandbox/cold/backend.ts";
import type { SandboxBackend } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { BranchBackend } from "../../src/security/branch-backend.ts";
import { loadCorpus } from "../../src/security/attack-program.ts";
import { runAttacks, type Scorecard } from "../../src/security/run-attacks.ts";
import { worlds } from "../worlds.ts";

const machine = process.arch === "x64" ? "x86_64" : "aarch64";
const ids = loadCorpus()
  .filter((program) => (program.machine ?? machine) === machine)
  .map(({ id }) => id);
const image = resolveImage("gymnasium");
const openBackends: SandboxBackend[] = [];

afterAll(async () => {
  for (const backend of openBackends) await backend.close();
});

describe.for(worlds)("the zygote backend in the %s world holds off", (world) => {
  let scorecard: Scorecard;

  beforeAll(async () => {
    const backend = new ZygoteBackend(image, { world });
    openBackends.push(backend);
    scorecard = await runAttacks({ backend, image, makeFresh: () => new ZygoteBackend(image, { world }) });
  }, 900_000);

  it.for(ids)("%s", (id) => {
    const row = scorecard.rows.find((each) => each.id === id);
    expect(row).toMatchObject({ world, verdict: "pass", breaches: [] });
  });

  it("and its image, its speed and the verdict say so too", () => {
    expect(scorecard.image).toBe("unchanged");
    expect(scorecard.throughput).toMatchObject({ verdict: "pass" });
    expect(scorecard).toMatchObject({ world, verdict: "pass" });
    expect(scorecard.rows).toHaveLength(ids.length);
    for (let row = 1; row <= 60; row++)
      expect(
        ids.some((id) => Number.parseInt(id, 10) === row),
        `row ${row}`,
      ).toBe(true);
  });
});

it("a branch cannot use up what the kernel gives a user of the host, where each has one", async () => {
  const backend = new BranchBackend(new ZygoteBackend(image));
  openBackends.push(backend);
  if ((await backend.receipt()).wall.user.ids !== "own") return;
  const only = ["71-pipe-pages", "72-waiting-signals"];
  const { rows } = await runAttacks({ backend, image, only });
  expect(rows.map(({ verdict, breaches }) => [verdict, breaches])).toEqual(only.map(() => ["pass", []]));
});

it.for(worlds)(
  "the cold backend in the %s world holds off what would be left behind, and what is forged",
  { timeout: 120_000 },
  async (world) => {
    const backend = new ColdBackend(image, { world });
    openBackends.push(backend);
    const only = [
      "01-fork-bomb",
      "34-daemon",
      "41-new-namespaces",
      "46-sockets",
      "56-forge-frames",
      "57-edit-the-referee",
    ];
    const scorecard = await runAttacks({ backend, image, only });
    expect(scorecard.rows.filter(({ verdict }) => verdict === "fail")).toEqual([]);
    expect(scorecard).toMatchObject({ backend: "cold", world, verdict: "pass" });
    expect(scorecard.rows).toHaveLength(only.length);
  },
);
