import { once } from "node:events";
import { spawn } from "node:child_process";
import type { Duplex } from "node:stream";

import { findBubblewrap } from "../../src/image/find-bubblewrap.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import type { NdArray } from "../../src/model/cbor/ndarray.ts";
import type { TypedValue } from "../../src/model/cbor/typed-value.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import { openRollouts } from "../../src/rollout/open-rollouts.ts";
import { asyncFigures, asyncVector } from "../async-vector.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { median, quantile } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** What a step sends, and about what it gets. */
const sentBytes = 6;
const answerBytes = 320;
/** Seeds whose episodes the controller keeps up for 500 steps are common; those that end early are passed over. */
const firstSeed = 1;

/** Keeps the pole up for 500 steps from most starts. */
function balance(observation: TypedValue): number {
  const { data } = observation as NdArray<"float32">;
  return 3 * data[2]! + data[3]! > 0 ? 1 : 0;
}

/** Answers each message with as many bytes as a step has. */
const echo = `
import os
answer = bytes(${answerBytes})
while os.read(3, 64):
    os.write(3, answer)
`;

/** A Python process at the other end of a socketpair. */
class BareProcess {
  readonly #stream: Duplex;
  readonly #child: ReturnType<typeof spawn>;

  private constructor(child: ReturnType<typeof spawn>) {
    this.#child = child;
    this.#stream = child.stdio[3] as Duplex;
  }

  static async start(image: string): Promise<BareProcess> {
    const { rootfs } = resolveImage(image);
    const bubblewrap = await findBubblewrap();
    if (bubblewrap === undefined) throw new Error("bubblewrap is not installed");
    const wall = [
      "--unshare-all",
      "--die-with-parent",
      "--clearenv",
      "--ro-bind",
      rootfs,
      "/",
      "--dev",
      "/dev",
    ];
    const args = [...wall, "/opt/python/bin/python3", "-P", "-s", "-B", "-c", echo];
    const bare = new BareProcess(
      spawn(bubblewrap.path, args, { stdio: ["ignore", "inherit", "inherit", "pipe"] }),
    );
    await bare.roundTrips(100);
    return bare;
  }

  /** ms of each of so many round trips. */
  async roundTrips(count: number): Promise<number[]> {
    const times: number[] = [];
    const message = Buffer.alloc(sentBytes);
    for (let trip = 0; trip < count; trip++) {
      const startedAt = performance.now();
      this.#stream.write(message);
      await once(this.#stream, "data");
      times.push(performance.now() - startedAt);
    }
    return times;
  }

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#child, "close");
  }
}

/** ms of each step of one episode; undefined where it was short. */
async function stepTimes(image: string, seed: number): Promise<number[] | undefined> {
  await using rollout = await openRollout({ envName: "CartPole-v1", seed, image });
  const times: number[] = [];
  for (let action = balance(rollout.observation); ;) {
    const startedAt = performance.now();
    const step = await rollout.step(action);
    times.push(performance.now() - startedAt);
    if (step.terminated) return undefined;
    if (step.truncated) return times;
    action = balance(step.observation);
  }
}

/** The least that environments in processes of their own can cost: bare sockets, nothing recorded, encoded or walled. */
const barePipes = (count: number, seconds: number): string => `
import os, socket, time
import gymnasium, numpy
ends = []
for index in range(${count}):
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        for each in [ours, *ends]:
            each.close()
        env = gymnasium.make("CartPole-v1")
        env.reset(seed=index)
        while action := theirs.recv(1):
            observation, _, terminated, truncated, _ = env.step(action[0])
            if terminated or truncated:
                observation, _ = env.reset()
            theirs.send(observation.tobytes() + bytes(${answerBytes} - observation.nbytes))
        os._exit(0)
    theirs.close()
    ends.append(ours)
actions, steps, started = [b"\\0"] * ${count}, 0, None
for turn in range(10**9):
    if turn == 100:
        steps, started = 0, time.perf_counter()
    for end, action in zip(ends, actions):
        end.send(action)
    seen = [numpy.frombuffer(end.recv(4096)[:16], numpy.float32) for end in ends]
    actions = [b"\\1" if 3 * each[2] + each[3] > 0 else b"\\0" for each in seen]
    steps += ${count}
    if started is not None and turn % 20 == 0 and time.perf_counter() - started > ${seconds}:
        break
print(steps / (time.perf_counter() - started))
`;

/** Steps a second of environments stepped together; ends of episodes, and the starts behind them, included. */
async function vectorRate(image: string, count: number, seconds: number): Promise<number> {
  await using vector = await openRollouts({ envName: "CartPole-v1", count, seeds: firstSeed, image });
  let { observations } = vector;
  let startedAt = 0;
  for (let turn = 0; ; turn++) {
    if (turn === 20) startedAt = performance.now();
    ({ observations } = await vector.step(observations.map(balance)));
    const passed = performance.now() - startedAt;
    if (turn > 20 && passed > seconds * 1000) return ((turn - 19) * count * 1000) / passed;
  }
}

async function latency({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const bare = await BareProcess.start(image);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let seed = firstSeed; ours.length < (quick ? 3 : 12); seed++) {
    const times = await stepTimes(image, seed);
    if (times === undefined) continue;
    ours.push(quantile(times, 0.5));
    theirs.push(quantile(await bare.roundTrips(times.length), 0.5));
    say(`  ${ours.length}: ${(ours.at(-1)! * 1000).toFixed(0)} and ${(theirs.at(-1)! * 1000).toFixed(0)} µs`);
  }
  await bare.close();
  const ratios = ours.map((each, at) => each / theirs[at]!);
  return [
    { name: "one step from Node and back, CartPole, p50", value: median(ours) * 1000, unit: "µs" },
    { name: "bare round trip Node - Python, p50", value: median(theirs) * 1000, unit: "µs" },
    { name: "step / bare round trip", value: median(ratios), unit: "x", reach: { most: 4 } },
  ];
}

async function together({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const ours: number[] = [];
  const eight: number[] = [];
  const all: number[] = [];
  const floor: number[] = [];
  const seconds = quick ? 2 : 5;
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    ours.push(await vectorRate(image, 64, seconds));
    eight.push(Number((await coldPython(image, asyncVector(8, seconds))).output));
    all.push(Number((await coldPython(image, asyncVector(64, seconds))).output));
    floor.push(Number((await coldPython(image, barePipes(64, seconds))).output));
    say(
      `  round ${round + 1}: ${[ours, eight, all, floor].map((rates) => rates.at(-1)!.toFixed(0)).join(", ")} steps/s`,
    );
  }
  const { best, figures } = asyncFigures(eight, all);
  return [
    {
      name: "steps/s, 64 environments stepped together, recorded, a sandbox each",
      value: median(ours),
      unit: "/s",
    },
    ...figures,
    { name: "steps/s, 64 processes at bare sockets, nothing recorded", value: median(floor), unit: "/s" },
    {
      name: "ours / the better AsyncVectorEnv",
      value: median(ours) / best,
      unit: "x",
      reach: { least: 1.5 },
    },
  ];
}

/** What it costs that the caller chooses the actions. */
export const steppingScenario: Scenario = {
  name: "stepping",
  about:
    "a step from Node and back beside a bare round trip, and 64 environments stepped together beside Gymnasium's AsyncVectorEnv",
  run: async (context) => [...(await latency(context)), ...(await together(context))],
};
