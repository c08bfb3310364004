/*
 * A host that was stopped between the starts of a referee and a policy has taken the time that the referee waited for. The
 * life of the policy's sandbox, which its slot measures, tells that from a policy that stalls.
 */
import { afterAll, expect, test } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import type { SandboxBackend, SandboxEnd } from "../../src/sandbox/contract.ts";
import { closeSandboxes, sharedBackend } from "../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

const stalls = "import time\n\n\ndef act(observation, rng):\n    time.sleep(60)\n    return 0\n";

/** A backend whose first groups' policies lived a moment only, or `livedMs`, as where the host started them late. */
function lateAtFirst(
  lateGroups: number,
  livedMs = 3,
): {
  readonly backend: SandboxBackend;
  readonly started: () => number;
} {
  const real = sharedBackend(resolveImage("gymnasium"), "zygote", "host");
  let groups = 0;
  const short = (end: SandboxEnd): SandboxEnd => ({ ...end, wallMs: livedMs });
  const backend: SandboxBackend = {
    name: "zygote",
    receipt: async () => await real.receipt(),
    close: async () => await real.close(),
    start: async (plan) => {
      const running = await real.start(plan);
      if (++groups > lateGroups) return running;
      return running.map((each, at) =>
        at === 0
          ? each
          : {
              born: each.born,
              ended: each.ended.then(short),
              send: (data) => each.send(data),
              endInput: () => each.endInput(),
              kill: (cause) => each.kill(cause),
              answer: (message) => each.answer(message),
              oomKills: () => each.oomKills(),
              ref: () => each.ref(),
              unref: () => each.unref(),
            },
      );
    },
  };
  return { backend, started: () => groups };
}

const rollout = {
  envName: "CartPole-v1",
  seed: 1,
  world: "host",
  policy: { source: stalls },
  limits: { wallMs: 400 },
} as const;

test("a policy that could not have used the time is played again, and one that stalls loses by it", async () => {
  const { backend, started } = lateAtFirst(1);
  const { outcome, error } = await runRollout({ ...rollout, backend });
  expect([outcome, error?.by, started()]).toEqual(["wall_limit", "policy", 2]);
});

test("a host that is late again and again is the host's failure and nobody's loss", async () => {
  const { backend, started } = lateAtFirst(Infinity);
  await expect(runRollout({ ...rollout, backend })).rejects.toMatchObject({
    code: "sandbox_failed",
    message: expect.stringContaining("started the policy of seat agent too late"),
  });
  expect(started()).toBe(3);
});

test("the milliseconds between two starts on a busy host are not the host's failure, a twentieth of the time is", async () => {
  const justLate = lateAtFirst(1, 380);
  const { outcome, error } = await runRollout({ ...rollout, backend: justLate.backend });
  expect([outcome, error?.by, justLate.started()]).toEqual(["wall_limit", "policy", 1]);
  const late = lateAtFirst(1, 379);
  await runRollout({ ...rollout, backend: late.backend });
  expect(late.started()).toBe(2);
});

test("a policy that stalls is played once", async () => {
  const { backend, started } = lateAtFirst(0);
  const { outcome } = await runRollout({ ...rollout, backend });
  expect([outcome, started()]).toEqual(["wall_limit", 1]);
});
