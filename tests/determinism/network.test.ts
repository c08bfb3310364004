/*
 * `network: "loopback"`: an environment that talks over TCP to a program of its own gives the same bytes, warm and cold, alone
 * and beside others; and nobody but the environment has that network.
 */
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import { collectRollouts, runRollout } from "../../src/rollout/collect-rollouts.ts";
import { startZygote } from "../../src/sandbox/zygote/start-zygote.ts";
import { acquireHostResources, releaseHostResources } from "../../src/sandbox/linux/host-resources.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { worlds } from "../worlds.ts";
import { fixture, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const served = { envName: fixture("served.py:Served"), maxSteps: 5, network: "loopback" } as const;

afterAll(closeSandboxes);

describe("an environment with a server of its own", () => {
  it("gives the same bytes warm, cold and beside others, claims no tier, and says why", async () => {
    const alone = await runRollout({ ...served, seed: 1 });
    const cold = await runRollout({ ...served, seed: 1, backend: "cold" });
    const beside = await collectRollouts({ ...served, seeds: [1, 2, 1], concurrency: 3 }).results();
    const digests = [alone, cold, beside[0]!, beside[2]!].map(({ digest }) => digest);
    expect(alone.error).toBeUndefined();
    expect(new Set(digests).size).toBe(1);
    expect(beside[1]!.digest).not.toBe(alone.digest);
    for (const { receipt } of [alone, cold]) {
      expect(receipt.wall.network).toBe("loopback");
      expect(receipt.limits.network).toBe("loopback");
      expect(receipt.tier).toBe("none");
      expect(receipt.world.notHeld).toContain("loopback");
    }
    expect(alone.receipt.wall.seccomp).toBe(cold.receipt.wall.seccomp);
  });

  it("runs in the host's world, and a recorded run is verified with its network", async () => {
    const out = join(folder, "host");
    await recordRun({
      ...served,
      seeds: [1],
      world: "host",
      volatileInfo: ["port", "own", "tries"],
      dir: out,
    });
    expect(await verifyRun(out)).toMatchObject({ verified: true, equal: 1 });
  });

  it.for(worlds)("is told what to ask for where it has none, in the %s world", async (world) => {
    const { network: _, ...without } = served;
    const { outcome, error, receipt } = await runRollout({ ...without, seed: 1, world });
    expect(outcome).toBe("env_error");
    expect(error?.message).toContain('network: "loopback" (--network loopback)');
    expect(receipt.wall.network).toBe("none");
  });

  it.for(worlds)("does not lend its network to a policy, in the %s world", async (world) => {
    const source = `import socket
def act(observation, rng, info):
    try:
        socket.socket()
    except OSError as error:
        return 1
    return "it has a socket"
`;
    const { outcome, error } = await runRollout({ ...served, seed: 1, world, policy: { source } });
    expect([outcome, error]).toEqual(["truncated", undefined]);
  });
});

describe.for(worlds)("the loopback device of a sandbox in the %s world", (world) => {
  const port = 47_000;
  const listen = `import socket, sys
server = socket.create_server(("127.0.0.1", ${port})); print("listens", flush=True); server.accept()`;
  const reach = `import socket
try: socket.create_connection(("127.0.0.1", ${port}), 1); print("reached")
except OSError as error: print(type(error).__name__)`;

  it("is nobody else's: neither another sandbox's beside it, nor the next one's", async () => {
    await using one = await Sandbox.create({ world, network: "loopback" });
    const listening = Promise.withResolvers<void>();
    const server = one.startProcess("python3", { args: ["-c", listen], onStdout: () => listening.resolve() });
    await listening.promise;
    await using other = await Sandbox.create({ world, network: "loopback" });
    expect((await other.run("python3", { args: ["-c", reach] })).stdoutText).toBe("ConnectionRefusedError\n");
    expect((await one.run("python3", { args: ["-c", reach] })).stdoutText).toBe("reached\n");
    await server.wait();
    expect((await one.receipt()).wall.network).toBe("loopback");
  });
});

it("waits in turn for room on a stream, also where the call names an address", async () => {
  // The reader runs only if whoever fills the stream gives its turn away.
  const program = `
import socket, threading, time
server = socket.create_server(("127.0.0.1", 0))
writer = socket.create_connection(server.getsockname())
reader = server.accept()[0]
got = []
def read():
    while data := reader.recv(1 << 16):
        got.append(len(data))
thread = threading.Thread(target=read)
thread.start()
print(writer.sendto(bytes(4 << 20), server.getsockname()))
writer.close()
thread.join()
print(sum(got))
`;
  await using sandbox = await Sandbox.create({ world: "sealed", network: "loopback" });
  const result = await sandbox.run("python3", { args: ["-c", program], timeoutMs: 60_000 });
  expect([result.stdoutText, result.stderrText]).toEqual([`${4 << 20}\n${4 << 20}\n`, ""]);
});

it("is refused where no control group counts the memory of its sockets", async () => {
  const resources = await acquireHostResources();
  try {
    const starting = startZygote(resolveImage("gymnasium"), { ...resources, cgroups: undefined }, 1, {
      network: "loopback",
    });
    await expect(starting).rejects.toMatchObject({
      code: "wall_unavailable",
      hint: expect.stringContaining("Delegate=yes") as string,
    });
  } finally {
    await releaseHostResources();
  }
});
