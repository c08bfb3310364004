import { afterAll, describe, expect, it } from "vitest";

import { resolveImage } from "../../../src/image/image-store.ts";
import { collectRollouts, runRollout } from "../../../src/rollout/collect-rollouts.ts";
import { openHost } from "../../../src/rollout/rollout-host.ts";
import type { SandboxBackend } from "../../../src/sandbox/contract.ts";
import { closeSandboxes, sharedBackend } from "../../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

/** A backend of the caller's own, which counts what is started on it. */
class CountingBackend implements SandboxBackend {
  readonly #inner: SandboxBackend;
  starts = 0;

  constructor(world: "sealed" | "host" = "sealed") {
    this.#inner = sharedBackend("gymnasium", "zygote", world);
  }

  get name(): "zygote" | "cold" {
    return this.#inner.name;
  }

  receipt: SandboxBackend["receipt"] = async () => await this.#inner.receipt();

  start: SandboxBackend["start"] = async (plan) => {
    this.starts++;
    return await this.#inner.start(plan);
  };

  close: SandboxBackend["close"] = async () => {};
}

describe("a backend that is handed in", () => {
  it("runs every rollout of a call, to the same bytes", async () => {
    const backend = new CountingBackend();
    const spec = { envName: "CartPole-v1", maxSteps: 5 };
    const results = await collectRollouts({ ...spec, seeds: [1, 2, 3], backend }).results();
    expect(backend.starts).toBe(3);
    expect(results[1]!.digest).toBe((await runRollout({ ...spec, seed: 2 })).digest);
    expect(backend.starts).toBe(3);
  });

  it("is refused where it is of another world or image than was asked for", async () => {
    const backend = new CountingBackend("host");
    const refusal = {
      code: "bad_argument",
      message: expect.stringContaining("and the host world") as string,
    };
    await expect(runRollout({ envName: "CartPole-v1", seed: 1, backend })).rejects.toMatchObject(refusal);
    expect(backend.starts).toBe(0);
    expect((await runRollout({ envName: "CartPole-v1", seed: 1, backend, world: "host" })).outcome).toBe(
      "terminated",
    );
  });

  it("is told from other things by what it can do", async () => {
    for (const backend of ["warm", {}, null, { start: 1 }] as unknown as SandboxBackend[])
      await expect(runRollout({ envName: "CartPole-v1", seed: 1, backend })).rejects.toMatchObject({
        code: "bad_argument",
      });
  });
});

it("a host is found once: image, backend and receipt belong together", async () => {
  const host = await openHost({ image: "gymnasium", backend: "zygote", world: "sealed" });
  expect(host.image.manifest.digest).toBe(resolveImage("gymnasium").manifest.digest);
  expect(host.receipt.image).toEqual({ name: "gymnasium", digest: `sha256:${host.image.manifest.digest}` });
});
