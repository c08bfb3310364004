import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { absentLibraries } from "../../../src/image/absent-libraries.ts";

const rootfs = mkdtempSync(join(tmpdir(), "sameseed-absent-"));
afterAll(() => rmSync(rootfs, { recursive: true, force: true }));

function put(name: string, text = ""): void {
  mkdirSync(dirname(join(rootfs, name)), { recursive: true });
  writeFileSync(join(rootfs, name), text);
}

const site = "opt/python/lib/python3.11/site-packages";

it("names what a package's own libraries open by name to draw, and the image does not have", () => {
  put(
    `${site}/engine/core.cpython-311-x86_64-linux-gnu.so`,
    "\0libvulkan.so\0libvulkan.so.1\0libc.so.6\0libGL.so.1\0",
  );
  put(`${site}/engine/notes.txt`, "libEGL.so.1");
  put(`${site}/pygame.libs/libSDL2-2.so.0`, "\0libEGL.so.1\0libOSMesa.so.8\0");
  put("usr/lib/libGL.so.1");
  expect(absentLibraries(rootfs)).toEqual(["libvulkan.so.1"]);
  put(`${site}/engine/libvulkan.so.1`);
  expect(absentLibraries(rootfs)).toEqual([]);
});
