/* A signal that fires while a sandbox is being started ends it: its caller is told of the signal, and not of a host that failed. */
import { afterAll, expect, test } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import { resolveImage } from "../../../src/image/image-store.ts";
import { runWatched } from "../../../src/judge/judge-place.ts";
import { defaultScoreLimits } from "../../../src/model/score.ts";
import { runRollout } from "../../../src/rollout/collect-rollouts.ts";
import type { SandboxBackend } from "../../../src/sandbox/contract.ts";
import { closeSandboxes, sharedBackend } from "../../../src/sandbox/sandbox-host.ts";
import { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { whenBorn } from "../../../src/sandbox/when-born.ts";

afterAll(closeSandboxes);

/** A backend whose caller gives up as soon as a sandbox is on its way. */
function givenUp(controller: AbortController): SandboxBackend {
  const backend = sharedBackend(resolveImage("gymnasium"), "zygote", "sealed");
  return new Proxy(backend, {
    get: (target, name) => {
      if (name !== "start") {
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      }
      return async (plan: Parameters<SandboxBackend["start"]>[0]) => {
        const running = await target.start(plan);
        controller.abort();
        return running;
      };
    },
  });
}

test("of a rollout", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const rollout = runRollout({ envName: "CartPole-v1", seed: 1, backend: givenUp(controller), signal });
  await expect(rollout).rejects.toMatchObject({ code: "aborted" });
});

test("of a score", async () => {
  const controller = new AbortController();
  const backend = givenUp(controller);
  const place = {
    host: { backend, image: resolveImage("gymnasium"), receipt: await backend.receipt() },
    signal: controller.signal,
  };
  const limits = defaultScoreLimits;
  const script = { role: "judge" as const, call: "tests.run", args: {}, files: [], limits, seed: 0 };
  const watched = runWatched(place, [{ script, kinds: 0 }]);
  await expect(watched).rejects.toMatchObject({ code: "aborted" });
});

test("of an open sandbox", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const sandbox = Sandbox.createOn(givenUp(controller), { signal });
  await expect(sandbox).rejects.toMatchObject({ code: "aborted" });
});

test("what fails by itself is told as it is", async () => {
  const failure = new SameseedError("sandbox_failed", "the sandbox could not be started");
  const born = Promise.reject<number>(failure);
  await expect(whenBorn({ born }, undefined)).rejects.toBe(failure);
  await expect(whenBorn({ born }, new AbortController().signal)).rejects.toBe(failure);
  await expect(whenBorn({ born: Promise.resolve(3) }, undefined)).resolves.toBe(3);
});
