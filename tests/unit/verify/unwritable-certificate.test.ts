/* A certificate that cannot be written is a failure with its fix, and not a system call's. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { RunManifest } from "../../../src/model/run-manifest.ts";
import type { AuditReport } from "../../../src/verify/audit/audit-report.ts";
import { writeCertificate } from "../../../src/verify/audit/certificate.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-certificate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const manifest = {
  runId: "run",
  spec: { seeds: [1] },
  image: { manifest: { digest: "0" } },
  world: "sealed",
};

test.each([
  ["a folder that is gone", "gone", "ENOENT"],
  ["a folder at its place", ".", "EISDIR"],
])("%s", (_, name, code) => {
  mkdirSync(join(folder, "audit.json"));
  const dir = join(folder, name);
  const write = (): string =>
    writeCertificate(dir, manifest as unknown as RunManifest, {} as unknown as AuditReport);
  expect(write).toThrow(
    expect.objectContaining({
      code: "io_failed",
      message: `writing ${join(dir, "audit.json")} failed (${code})`,
      hint: "check that the folder exists and that you may read and write it",
    }),
  );
});
