import { expect, test } from "vitest";

import { worldFix } from "../../../src/sandbox/doctor/world-fix.ts";

test("for an image on NFS the fix is a file system of the host's own, and for nothing else", () => {
  expect(worldFix(["layout"], 1_048_576)).toMatch(
    /^set SAMESEED_HOME to a folder on this host's own ext4.* 1048576 bytes/,
  );
  const guide = "docs/guide/sealed-world.md says what each of these is";
  expect(worldFix(["layout"], 4096)).toBe(guide);
  expect(worldFix(["cycles"], 1_048_576)).toBe(guide);
});
