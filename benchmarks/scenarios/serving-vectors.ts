import { clientPython } from "../../tests/client/python-client.ts";
import { createServer } from "../../src/server/server.ts";
import { asyncFigures, asyncVector, vectorSteps } from "../async-vector.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const environments = 64;

/** The client's vector, stepped with the same controller as the baseline. */
const madeVector = (seconds: number): string =>
  vectorSteps(
    "sameseed",
    `sameseed.make_vec("CartPole-v1", num_envs=${environments})`,
    environments,
    seconds,
  );

async function run({ quick, say }: ScenarioContext): Promise<Figure[]> {
  const seconds = quick ? 2 : 5;
  await using server = createServer({ listen: "127.0.0.1:0", maxSandboxes: 2 * environments });
  await server.start();
  const python = await clientPython();
  const rate = async (code: string): Promise<number> => {
    const env = { SAMESEED_URL: server.address, OPENBLAS_NUM_THREADS: "1" };
    return Number((await python.run(["-c", code], { env })).toString());
  };
  const [ours, eight, all]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    ours.push(await rate(madeVector(seconds)));
    eight.push(await rate(asyncVector(8, seconds)));
    all.push(await rate(asyncVector(environments, seconds)));
    say(
      `  round ${round + 1}: ${[ours, eight, all].map((rates) => rates.at(-1)!.toFixed(0)).join(", ")} steps/s`,
    );
  }
  const { best, figures } = asyncFigures(eight, all);
  return [
    {
      name: "steps/s from Python, make_vec of 64, recorded, a sandbox each",
      value: median(ours),
      unit: "/s",
    },
    ...figures,
    {
      name: "make_vec / the better AsyncVectorEnv",
      value: median(ours) / best,
      unit: "x",
      reach: { least: 1 },
    },
  ];
}

/** What a Python program pays for environments of a server. */
export const servingVectors: Scenario = {
  name: "serving-vectors",
  about: "make_vec of 64 CartPole from the Python client, against Gymnasium's AsyncVectorEnv of 8 and 64",
  run,
};
