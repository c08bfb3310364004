/* CartPole with the package as its users write it: a sandbox for each seed, and trajectories compared across equal seeds. */
import assert from "node:assert/strict";
import { Sandbox } from "tensorlake";

const harness = (seed) => `
import gymnasium, json
env = gymnasium.make("CartPole-v1")
env.reset(seed=${seed})
env.action_space.seed(${seed})
trajectory = []
for _ in range(200):
    action = env.action_space.sample()
    observation, reward, terminated, truncated, _ = env.step(action)
    trajectory.append([observation.tolist(), int(action), float(reward)])
    if terminated or truncated:
        break
print(json.dumps(trajectory))
`;

async function rollout(seed) {
  const sandbox = await Sandbox.create({ timeoutSecs: 120 });
  try {
    await sandbox.writeFile("/tmp/harness.py", new TextEncoder().encode(harness(seed)));
    const { exitCode, stdout, stderr } = await sandbox.run("python", { args: ["/tmp/harness.py"] });
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout);
  } finally {
    await sandbox.terminate();
  }
}

const [first, again, other] = await Promise.all([42, 42, 43].map(rollout));
assert.deepEqual(first, again);
assert.notDeepEqual(first, other);
console.log(JSON.stringify([first.length, other.length]));
