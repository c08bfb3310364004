import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";

import { openObjects } from "../../../../src/store/objects/open-objects.ts";
import { describeObjects, listed } from "../../../store/objects-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-objects-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeObjects("a folder", async () => await openObjects(`folder:${join(folder, "store")}`), {
  fileBytes: 1_000_000,
});

it("sweeps what a killed writer left, and nothing that may still be written", async () => {
  const root = join(folder, "swept");
  const module = new URL("../../../../src/store/objects/open-objects.ts", import.meta.url).href;
  const program = `
    const { openObjects } = await import(${JSON.stringify(module)});
    const store = await openObjects(${JSON.stringify(root)});
    for (let n = 0; ; n++) await store.put("packs/a", Buffer.alloc(32_000_000, n));`;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" });
  const parts = join(root, ".parts");
  while (!existsSync(parts) || readdirSync(parts).length === 0) await sleep(5);
  writer.kill("SIGKILL");
  await once(writer, "exit");
  const left = readdirSync(parts);
  expect(left.length).toBeGreaterThan(0);
  writeFileSync(join(parts, "fresh"), "");
  const long = new Date(Date.now() - 2 * 3_600_000);
  for (const name of left) utimesSync(join(parts, name), long, long);

  const store = await openObjects(root);
  await store.sweep?.();
  expect(readdirSync(parts)).toEqual(["fresh"]);
  expect((await listed(store, "")).filter((key) => key !== "packs/a")).toEqual([]);
});

it("refuses a store of a kind that it does not know", async () => {
  await expect(openObjects("gopher://x")).rejects.toMatchObject({ code: "bad_argument" });
});
