import { type ChildProcess, spawn } from "node:child_process";
import { createServer as createTcpServer, type AddressInfo } from "node:net";

import { createServer } from "../../src/server/server.ts";
import { inOwnProcess } from "../own-process.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** A Python with the package `openenv`: its reference server is the baseline, and no part of this project. */
const pythonVariable = "SAMESEED_OPENENV_PYTHON";

const noOp = `
import gymnasium

class NoOp(gymnasium.Env):
    action_space = gymnasium.spaces.Discrete(2)
    observation_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}
`;

async function freePort(): Promise<number> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function reference(python: string): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const port = await freePort();
  const program = new URL("../openenv-reference.py", import.meta.url).pathname;
  const child = spawn(python, [program, String(port)], { stdio: ["ignore", "inherit", "inherit"] });
  for (let left = 300; ; left--) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (answer?.ok === true) return { child, port };
    if (left === 0 || child.exitCode !== null) throw new Error("OpenEnv's own server did not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function run({ quick, say }: ScenarioContext): Promise<Figure[]> {
  const python = process.env[pythonVariable];
  if (python === undefined) {
    say(`  not measured: name a Python with openenv 0.10.0 in ${pythonVariable}`);
    return [];
  }
  const seconds = String(quick ? 2 : 5);
  await using server = createServer({ listen: "127.0.0.1:0" });
  await server.start();
  const theirs = await reference(python);
  const reset = JSON.stringify({ seed: 1, env: { source: noOp, className: "NoOp" } });
  const rate = async (address: string, sessions: number, given: string): Promise<number> =>
    (await inOwnProcess("openenv-load.ts", [
      address,
      String(sessions),
      seconds,
      given,
      '{"action":0}',
    ])) as number;
  const figures: Figure[] = [];
  try {
    for (const sessions of [1, 8]) {
      const [own, other]: [number[], number[]] = [[], []];
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        other.push(await rate(`ws://127.0.0.1:${theirs.port}/ws`, sessions, "{}"));
        own.push(await rate(`${server.address.replace("http", "ws")}/ws`, sessions, reset));
        say(`  ${sessions} sessions: ${own.at(-1)!.toFixed(0)} and ${other.at(-1)!.toFixed(0)} steps/s`);
      }
      const many = sessions === 1 ? "1 session" : `${sessions} sessions`;
      figures.push(
        {
          name: `no-op steps over OpenEnv, ${many}, recorded, in a sandbox each`,
          value: median(own),
          unit: "/s",
        },
        { name: `the same at its own server, ${many}`, value: median(other), unit: "/s" },
        {
          name: `ours / its own, ${many}`,
          value: median(own) / median(other),
          unit: "x",
          reach: { least: 2 },
        },
      );
    }
  } finally {
    theirs.child.kill("SIGKILL");
  }
  return figures;
}

/** What a sandbox and a recording cost a trainer that speaks OpenEnv. */
export const servingOpenEnv: Scenario = {
  name: "serving-openenv",
  about: "no-op steps over OpenEnv's WebSocket by one and eight sessions, against the protocol's own server",
  run,
};
