import { afterAll, describe, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import type { WorldMode } from "../../src/model/receipt.ts";
import { closeSandboxes, sharedBackend, type BackendKind } from "../../src/sandbox/sandbox-host.ts";
import { sandboxContract } from "../../src/testing/index.ts";

/** Their programs sleep to be found running, and in a sealed world a sleep takes no time. */
const asleep: ReadonlySet<string> = new Set([
  "a program that closes its streams, or never reads, changes nothing for others",
  "wall time: a sleeper ends at its limit, and so does an open sandbox",
  "a command's time limit kills it with everything it started",
  "a command can be signalled, and killed through its handle",
  "an abort kills the command, and rejects when it is dead",
  "close ends everything, however it tries to stay, and may be called again",
  "input that is never read keeps nobody from ending the sandbox",
]);

/** Runs every promise of the contract on one of our own backends, in one world. */
export function runContract(kind: BackendKind, world: WorldMode = "host"): void {
  describe(`the ${kind} backend in the ${world === "host" ? "host's" : "sealed"} world`, () => {
    afterAll(closeSandboxes);
    const checks = sandboxContract.filter(({ name }) => world === "host" || !asleep.has(name));
    test("of the promises left out, each is one", () => {
      expect(sandboxContract.length - checks.length).toBe(world === "host" ? 0 : asleep.size);
    });
    for (const { name, run } of checks) {
      test(name, async () => {
        await run(sharedBackend(defaultImageName, kind, world));
      });
    }
  });
}
