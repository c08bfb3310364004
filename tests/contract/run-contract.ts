import { afterAll, describe, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { closeSandboxes, sharedBackend, type BackendKind } from "../../src/sandbox/sandbox-host.ts";
import { sandboxContract } from "../../src/testing/index.ts";

/** Runs every promise of the contract on one of our own backends. */
export function runContract(kind: BackendKind): void {
  describe(`the ${kind} backend`, () => {
    afterAll(closeSandboxes);
    for (const { name, run } of sandboxContract) {
      test(name, async () => {
        await run(sharedBackend(defaultImageName, kind));
      });
    }
  });
}
