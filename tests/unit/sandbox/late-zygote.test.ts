import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { ZygoteProcess } from "../../../src/sandbox/zygote/zygote-process.ts";

test("a zygote that does not start in time is told as late, not as one that a signal ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-late-"));
  const bubblewrap = join(folder, "bwrap");
  writeFileSync(bubblewrap, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
  const none = new Uint8Array();
  const options = {
    bubblewrap,
    rootfs: folder,
    environment: {},
    slots: 1,
    filters: { slot: none, sandbox: none, loopback: none },
    ids: {},
    cgroups: undefined,
  } as unknown as Parameters<typeof ZygoteProcess.start>[0];
  try {
    await expect(ZygoteProcess.start(options, undefined, 300)).rejects.toMatchObject({
      code: "zygote_failed",
      message: "a zygote did not start within 300 ms and was ended",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
