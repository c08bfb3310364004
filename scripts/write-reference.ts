/* Writes the reference pages that are made from the code. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { httpReference } from "./http-reference.ts";
import { apiReference, cliReference } from "./reference.ts";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "sameseed-reference-"));
try {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const project = join(root, "tsconfig.build.json");
  const built = spawnSync(
    process.execPath,
    [tsc, "-p", project, "--emitDeclarationOnly", "--outDir", folder],
    {
      stdio: "inherit",
    },
  );
  if (built.status !== 0) throw new Error("the declarations could not be built");
  writeFileSync(join(root, "docs/reference/api.md"), apiReference(folder));
  writeFileSync(join(root, "docs/reference/cli.md"), await cliReference());
  writeFileSync(join(root, "docs/reference/http.md"), httpReference());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
