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
