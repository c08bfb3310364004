import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createServer, type SameseedServer } from "../../src/server/server.ts";
import { clientFolder, clientPython, type ClientPython } from "./python-client.ts";

let server: SameseedServer;
let python: ClientPython;
beforeAll(async () => {
  const runs = mkdtempSync(join(tmpdir(), "sameseed-runs-"));
  server = createServer({ listen: "127.0.0.1:0", runs, maxSandboxes: 24 });
  await server.start();
  python = await clientPython();
});
afterAll(async () => await server.close());

const command = `${process.execPath} ${join(clientFolder, "../../bin/sameseed.js")}`;

/** Runs tests that are written in Python; what fails is in the error. */
async function unittest(file: string): Promise<void> {
  await python.run([join(clientFolder, "tests", file)], {
    env: { SAMESEED_URL: server.address, SAMESEED_COMMAND: command },
  });
}

describe("the Python client", () => {
  it("steps environments as Gymnasium's own, alone and in vectors", async () => {
    await unittest("test_environments.py");
  });

  it("runs sandboxes, records runs, rewards, and takes no step twice", async () => {
    await unittest("test_client.py");
  });

  it("says what is wrong with an argument, and starts another server where its own was killed", async () => {
    await unittest("test_arguments.py");
  });

  it("takes the calls of threads, tasks and processes one after the other, and none twice", async () => {
    await unittest("test_sharing.py");
  });

  it("says why something ended, opens anew what can be, and leaves no server behind", async () => {
    await unittest("test_endings.py");
  });

  it("learns CartPole with a few lines of numpy, the same way every time", async () => {
    const learn = async (updates: number): Promise<string> => {
      const example = join(clientFolder, "examples/policy_gradient.py");
      const args = [example, "--updates", String(updates), "--envs", "8"];
      return (await python.run(args, { env: { SAMESEED_URL: server.address } })).toString();
    };
    const first = await learn(10);
    const lengths = [...first.matchAll(/mean length +([\d.]+)/g)].map(([, length]) => Number(length));
    expect(lengths).toHaveLength(10);
    const sum = (some: readonly number[]): number => some.reduce((all, one) => all + one, 0);
    expect(sum(lengths.slice(-3))).toBeGreaterThan(1.5 * sum(lengths.slice(0, 3)));
    const lines = (text: string): string[] => text.split("\n").filter((line) => line.startsWith("update"));
    expect(lines(await learn(2))).toEqual(lines(first).slice(0, 2));
  });

  it("is a wheel whose bytes follow from its sources", async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async () => {
        const into = mkdtempSync(join(tmpdir(), "sameseed-wheel-"));
        const path = await python.run([join(clientFolder, "build.py"), into]);
        return readFileSync(path.toString().trim());
      }),
    );
    expect(one!.equals(other!)).toBe(true);
  });

  it("needs neither Gymnasium nor anything else for plain rollouts", async () => {
    const program = [
      "import importlib.util, sys",
      "find = importlib.util.find_spec",
      "importlib.util.find_spec = lambda name, *rest: None if name == 'gymnasium' else find(name, *rest)",
      "sys.modules['gymnasium'] = None",
      "import sameseed",
      "with sameseed.Rollout('CartPole-v1', 1) as rollout: print(rollout.step(0).reward)",
    ].join("\n");
    const said = await python.run(["-c", program], { env: { SAMESEED_URL: server.address } });
    expect(said.toString()).toBe("1.0\n");
  });
});
