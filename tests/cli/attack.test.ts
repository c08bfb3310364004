import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { resolveImage } from "../../src/image/image-store.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { runAttacks } from "../../src/security/run-attacks.ts";
import { copyHome } from "./copy-home.ts";
import { Workplace } from "./sameseed.ts";

const corpusFolder = join(import.meta.dirname, "..", "security", "corpus");
let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place[Symbol.dispose]());

const verdict = z.enum(["pass", "fail"]);
const world = z.enum(["sealed", "host"]);
const documentSchema = z.strictObject({
  scorecards: z.array(
    z.strictObject({
      backend: z.enum(["zygote", "cold"]),
      world,
      enforcedBy: z.string(),
      rows: z.array(
        z.strictObject({
          id: z.string(),
          world,
          program: z.string().regex(/^tests\/security\/corpus\/.+\.py$/),
          expected: z.string(),
          seen: z.string(),
          verdict,
          breaches: z.array(z.string()),
        }),
      ),
      throughput: z.object({ ratio: z.number(), verdict }),
      image: z.enum(["unchanged", "changed"]),
      verdict,
    }),
  ),
  verdict,
});

it("chosen rows give a scorecard, as a document and for people", async () => {
  const json = await place.run(["attack", "--only", "14-fd-bomb", "58", "57b", "--json"]);
  const document = documentSchema.parse(JSON.parse(json.stdout));
  const [scorecard] = document.scorecards;
  expect(document.scorecards).toHaveLength(1);
  const row58 = readdirSync(corpusFolder)
    .filter((name) => name.startsWith("58"))
    .map((name) => name.slice(0, -3));
  expect(scorecard!.rows.map(({ id }) => id)).toEqual(["14-fd-bomb", "57b-late-hands", ...row58.sort()]);
  expect(scorecard!.rows[0]).toMatchObject({
    world: "sealed",
    program: "tests/security/corpus/14-fd-bomb.py",
    expected: "open: EMFILE after 252; end: exit 0",
    seen: "open: EMFILE after 252; end: exit 0",
    verdict: "pass",
  });
  expect([document.verdict, json.code]).toEqual(["pass", 0]);
  const text = await place.run(["attack", "--only", "14-fd-bomb"]);
  expect(text.stdout).toMatch(/^pass {2}14-fd-bomb +open: EMFILE after 252; end: exit 0$/m);
  expect(text.stdout).toMatch(/^world +sealed$/m);
  expect(text.stdout).toMatch(/1 of 1 attack held off/);
});

it("both worlds give a scorecard each, the default world's first, and what each world answers differs", async () => {
  const { stdout, code } = await place.run([
    "attack",
    "--only",
    "30-sleep-forever",
    "--world",
    "both",
    "--json",
  ]);
  const { scorecards, verdict: all } = documentSchema.parse(JSON.parse(stdout));
  expect(scorecards.map(({ world: of, rows: [row] }) => [of, row!.world, row!.seen, row!.verdict])).toEqual([
    ["sealed", "sealed", "end: exit 0", "pass"],
    ["host", "host", "end: wall", "pass"],
  ]);
  expect([all, code]).toEqual(["pass", 0]);
  const text = await place.run(["attack", "--only", "30-sleep-forever", "--world", "host"]);
  expect(text.stdout).toMatch(/^world +host$/m);
});

it("an unknown row, backend or world is misuse", async () => {
  for (const args of [
    ["--only", "99-none"],
    ["--backend", "hope"],
    ["--world", "third"],
  ]) {
    const { code, stdout } = await place.run(["attack", ...args, "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "bad_argument" } });
  }
});

it("a host without a wall is a failure of the host, not a pass", async () => {
  const env = { SAMESEED_BWRAP: "/bin/false" };
  const { code, stdout } = await place.run(["attack", "--only", "14", "--json"], { env });
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toHaveProperty("error.code");
});

describe("an image that is not what its digest says", () => {
  let home: string;
  let rootfs: string;

  beforeAll(() => {
    chmodSync(place.folder, 0o755); // the sandboxes' own user must be able to enter
    home = copyHome(place.path("home"));
    rootfs = join(home, "images", resolveImage("gymnasium").manifest.digest, "rootfs");
    writeFileSync(join(rootfs, "etc", "added"), "");
  });

  it("is not attacked", async () => {
    const { code, stdout } = await place.run(["attack", "--only", "10", "--json"], {
      env: { SAMESEED_HOME: home },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "image_damaged", context: { changes: ["/etc/added was added"] } },
    });
    expect(code).toBe(3);
  });

  it("when it comes to be so meanwhile, is found, and the answer is no", async () => {
    const image = resolveImage("gymnasium");
    const backend = new ZygoteBackend(image);
    try {
      const changed = { ...image, rootfs, seal: null };
      expect(await runAttacks({ backend, image: changed, only: ["10"] })).toMatchObject({
        image: "changed",
        verdict: "fail",
      });
    } finally {
      await backend.close();
    }
  });
});
