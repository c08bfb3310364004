import { median } from "./quantiles.ts";
import type { Figure } from "./scenario.ts";

/**
 * A program that writes the steps a second of environments that are stepped together with one controller.
 * @param modules what it imports
 * @param made the expression that makes them
 */
export const vectorSteps = (modules: string, made: string, count: number, seconds: number): string => `
import time
import numpy, ${modules}
if __name__ == "__main__":
    envs = ${made}
    observation, _ = envs.reset(seed=1)
    steps, started = 0, None
    for turn in range(10**9):
        if turn == 100:
            steps, started = 0, time.perf_counter()
        action = (3 * observation[:, 2] + observation[:, 3] > 0).astype(numpy.int64)
        observation, *_ = envs.step(action)
        steps += ${count}
        if started is not None and turn % 20 == 0 and time.perf_counter() - started > ${seconds}:
            break
    print(steps / (time.perf_counter() - started))
    envs.close()
`;

/** The same of Gymnasium's environments in processes of their own. */
export const asyncVector = (count: number, seconds: number): string => {
  const made = `gymnasium.vector.AsyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * ${count})`;
  return vectorSteps("gymnasium", made, count, seconds);
};

/** What rates of eight and of 64 such environments say, and the better one. */
export function asyncFigures(
  eight: readonly number[],
  all: readonly number[],
): { readonly best: number; readonly figures: readonly Figure[] } {
  const rates = { 8: median(eight), 64: median(all) };
  return {
    best: Math.max(rates[8], rates[64]),
    figures: Object.entries(rates).map(([count, value]) => ({
      name: `steps/s, AsyncVectorEnv, ${count} environments, not recorded`,
      value,
      unit: "/s",
    })),
  };
}
