import { expect, it } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import { defaultLimits } from "../../../src/model/limits.ts";
import { startBusySandboxes } from "../../../src/sandbox/busy-sandboxes.ts";
import type { RunningSandbox, SandboxBackend } from "../../../src/sandbox/contract.ts";

it("leaves no busy sandbox behind where one of them cannot be started", async () => {
  const killed: string[] = [];
  let starts = 0;
  const backend = {
    start: async ({ onOutput }: { readonly onOutput: () => void }) => {
      const own = `${++starts}`;
      if (own === "2") throw new SameseedError("sandbox_failed", "no room");
      const ended = Promise.withResolvers<void>();
      setImmediate(onOutput);
      const kill = (): void => {
        killed.push(own);
        ended.resolve();
      };
      return [{ ended: ended.promise, kill }] as unknown as RunningSandbox[];
    },
  } as unknown as SandboxBackend;
  await expect(startBusySandboxes(backend, 3, defaultLimits)).rejects.toThrow("no room");
  expect(killed).toEqual(["1", "3"]);
});
