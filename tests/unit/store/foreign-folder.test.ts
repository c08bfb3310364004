import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { damageableRun, range, seeds } from "./damageable-run.ts";
import { sampleExpected, sampleManifest, sampleRollout, sampleSpec } from "./sample-rollout.ts";
import { failureOf, temporaryFolder } from "./store-fixture.ts";

test("a catalogue that is gone, cut, foreign, flipped, stale or ahead changes nothing", async () => {
  const { folder, segment } = await damageableRun("closed");
  const path = join(folder, "catalogue.sqlite");
  const good = readFileSync(path);
  const closed = readFileSync(segment);
  const early = await RunWriter.resume(folder, sampleExpected(seeds + 2));
  await early.append(sampleRollout(seeds));
  await early.close();
  const variants: (() => void)[] = [
    () => rmSync(path),
    () => writeFileSync(path, ""),
    () => writeFileSync(path, "not a database"),
    () => writeFileSync(path, good.subarray(0, good.length / 2)),
    () => writeFileSync(path, good),
    () => replaceCatalogue(path, "CREATE TABLE x (y)"),
    () =>
      replaceCatalogue(
        path,
        "CREATE VIEW rows AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n",
      ),
    () => changeCatalogue(path, "UPDATE rows SET offset = offset + 1 WHERE seed = 3"),
    () => changeCatalogue(path, "UPDATE rows SET outcome = 1 WHERE seed = 3"),
    () => changeCatalogue(path, "DELETE FROM rows WHERE seed = 3"),
    () => changeCatalogue(path, "UPDATE state SET run = 'another'"),
    () => changeCatalogue(path, "UPDATE state SET offset = 1e9"),
    () => changeCatalogue(path, "UPDATE state SET offset = offset - 1"),
    () => changeCatalogue(path, "UPDATE state SET version = 2"),
    () => writeFileSync(`${path}-journal`, "a journal of a commit that was cut short"),
    () => {
      rmSync(path);
      symlinkSync("/etc/passwd", path);
    },
    () => {
      rmSync(path);
      execFileSync("mkfifo", [path]);
    },
  ];
  for (const damage of variants) {
    damage();
    {
      using reader = await RunReader.open(folder);
      expect(
        [...reader.rows()].map((row) => row.seed),
        damage.toString(),
      ).toEqual(range(0, seeds + 1));
      expect(reader.statistics().outcomes).toEqual({ terminated: seeds + 1 });
    }
    const writer = await RunWriter.resume(folder, sampleExpected(seeds + 2));
    expect(writer.recorded.size, damage.toString()).toBe(seeds + 1);
    await writer.close();
  }
  // Ahead: the segments were put back to an earlier state.
  writeFileSync(segment, closed);
  const writer = await RunWriter.resume(folder, sampleExpected(seeds + 2));
  expect(writer.recorded.size).toBe(seeds);
  await writer.close();
});

test("hostile and broken folders give typed errors", async () => {
  const cases: [(folder: string, segment: string) => void, string][] = [
    [(folder) => rmSync(join(folder, "run.json")), "run_missing"],
    [(folder) => writeFileSync(join(folder, "run.json"), "{"), "run_damaged"],
    [(folder) => writeFileSync(join(folder, "run.json"), "[".repeat(1_000_000)), "run_damaged"],
    [(folder) => editManifest(folder, (text) => text.replace('"format": 2', '"format": 3')), "run_damaged"],
    [
      (folder) =>
        editManifest(folder, (text) =>
          text.replace('"envArgs": {}', `"envArgs": {"a":${"[".repeat(500)}${"]".repeat(500)}}`),
        ),
      "run_damaged",
    ],
    [
      (folder) =>
        editManifest(folder, (text) => text.replace('"maxSteps": null', '"maxSteps": null, "extra": 1')),
      "run_damaged",
    ],
    [(folder) => editManifest(folder, (text) => text.replace("sample-run", "another-run")), "run_damaged"],
    [(folder) => truncateSync(join(folder, "run.json"), 10 ** 9), "run_damaged"],
    [(_, segment) => writeFileSync(segment, Buffer.alloc(1000)), "run_damaged"],
    [(_, segment) => cpSync(segment, segment.replace("000001", "000003")), "run_damaged"],
    [(_, segment) => cpSync(segment, segment.replace("000001", "000002")), "run_damaged"],
    [
      (_, segment) => {
        rmSync(segment);
        execFileSync("mkfifo", [segment]);
      },
      "run_damaged",
    ],
    [
      (_, segment) => {
        rmSync(segment);
        symlinkSync("/dev/zero", segment);
      },
      "run_damaged",
    ],
    [
      (_, segment) => {
        rmSync(segment);
        mkdirSync(segment);
      },
      "run_damaged",
    ],
  ];
  for (const [damage, code] of cases) {
    const { folder, segment } = await damageableRun("closed");
    rmSync(join(folder, "catalogue.sqlite"));
    damage(folder, segment);
    const read = await failureOf(() => RunReader.open(folder));
    expect(read.code, damage.toString()).toBe(code);
    expect(read.hint).toBeDefined();
    const resumed = await failureOf(() => RunWriter.resume(folder, sampleExpected(seeds + 2)));
    expect(resumed.code, damage.toString()).toBe(code);
    expect(existsSync(join(folder, "lock"))).toBe(false);
  }
});

test("a format from the future is named, with the remedy", async () => {
  const { folder } = await damageableRun("closed");
  editManifest(folder, (text) => text.replace('"format": 2', '"format": 7'));
  const error = await failureOf(() => RunReader.open(folder));
  expect(error.message).toContain("format 7");
  expect(error.hint).toContain("newer");
});

test("a format from the past is named, with the remedy", async () => {
  const folder = temporaryFolder();
  await (await RunWriter.create(folder, sampleManifest(2))).close();
  editManifest(folder, (text) => text.replace('"format": 2', '"format": 1'));
  const error = await failureOf(() => RunReader.open(folder));
  expect(error.code).toBe("run_damaged");
  expect(error.message).toContain("has format 1; this version of Sameseed reads format 2");
  expect(error.hint).toContain("older");
});

test("a text beside run.json that was changed is damage", async () => {
  const folder = temporaryFolder();
  const policy = { kind: "source" as const, name: "p.py", source: "def act(observation, rng): return 0" };
  await (
    await RunWriter.create(
      folder,
      sampleManifest(2, { ...sampleSpec(2), seats: [{ seat: "agent", policy }] }),
    )
  ).close();
  const name = execFileSync("ls", [join(folder, "inputs")], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, "inputs", name), "def act(observation, rng): return 1");
  expect((await failureOf(() => RunReader.open(folder))).code).toBe("run_damaged");
});

function editManifest(folder: string, edit: (text: string) => string): void {
  const path = join(folder, "run.json");
  const before = readFileSync(path, "utf8");
  const after = edit(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

function changeCatalogue(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

function replaceCatalogue(path: string, sql: string): void {
  rmSync(path);
  changeCatalogue(path, sql);
}
