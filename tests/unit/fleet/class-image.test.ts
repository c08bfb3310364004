import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { classImage } from "../../../src/fleet/worker/class-image.ts";
import { resolveImage } from "../../../src/image/image-store.ts";

let images = "";
beforeEach(() => {
  images = mkdtempSync(join(tmpdir(), "sameseed-class-"));
});
afterEach(() => rmSync(images, { recursive: true }));

function have(name: string): string {
  const { rootfs, manifest } = resolveImage(name);
  const folder = dirname(rootfs);
  mkdirSync(images, { recursive: true });
  symlinkSync(folder, join(images, manifest.digest.replace("sha256:", "")));
  return manifest.digest;
}

test("a worker's class is told with whichever image with numpy is there, where the default one is not", () => {
  expect(classImage(images)).toBe("gymnasium");
  have("pytest");
  const digest = have("box2d");
  expect([digest, resolveImage("pytest").manifest.digest]).toContain(classImage(images));
  expect(resolveImage(classImage(images), images).manifest.packages["numpy"]).toBeDefined();
});

test("and with the default one where it is", () => {
  expect(classImage()).toBe("gymnasium");
});
