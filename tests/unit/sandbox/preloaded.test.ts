import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { withPreloaded } from "../../../src/sandbox/zygote/preloaded.ts";

const own = "/opt/sameseed/libhost.so";
const pinned = { TZ: "UTC", LD_PRELOAD: own };

const folder = mkdtempSync(join(tmpdir(), "sameseed-preloaded-"));
afterAll(() => rmSync(folder, { recursive: true }));

function rootfs(hasLibrary: boolean): string {
  const root = join(folder, String(hasLibrary));
  mkdirSync(join(root, "opt/sameseed"), { recursive: true });
  if (hasLibrary) writeFileSync(join(root, own), "");
  return root;
}

test("an image that has the library of the host's world has it in front of what it asks for itself", () => {
  const root = rootfs(true);
  expect(withPreloaded(root, "host", pinned, {})).toEqual(pinned);
  const asked = { LD_PRELOAD: "/usr/lib/one.so /usr/lib/two.so" };
  expect(withPreloaded(root, "host", pinned, asked)).toEqual({
    TZ: "UTC",
    LD_PRELOAD: `${own}:/usr/lib/one.so:/usr/lib/two.so`,
  });
});

test("an image of an earlier version has nothing named that it lacks", () => {
  const root = rootfs(false);
  expect(withPreloaded(root, "host", pinned, {})).toEqual({ TZ: "UTC" });
  expect(withPreloaded(root, "host", pinned, { LD_PRELOAD: "/a.so" })).toEqual({
    TZ: "UTC",
    LD_PRELOAD: "/a.so",
  });
});

test("in the sealed world only its own library stands there", () => {
  const sealed = { LD_PRELOAD: "/opt/sameseed/libworld.so" };
  expect(withPreloaded(rootfs(true), "sealed", sealed, { LD_PRELOAD: "/a.so" })).toEqual(sealed);
});
