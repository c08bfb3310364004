// The digests of rollouts of each environment, of each planted fault, and of addresses, and how they compare with those of another host.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

const environments = [
  "Acrobot-v1",
  "Blackjack-v1",
  "CartPole-v0",
  "CartPole-v1",
  "CliffWalking-v1",
  "CliffWalkingSlippery-v1",
  "FrozenLake-v1",
  "FrozenLake8x8-v1",
  "MountainCar-v0",
  "MountainCarContinuous-v0",
  "Pendulum-v1",
  "Taxi-v4",
];
const fewEnvironments = ["CartPole-v1", "Acrobot-v1", "Blackjack-v1"];
const fewPlanted = [
  "monotonic_clock.py",
  "os_urandom.py",
  "set_of_objects.py",
  "simd_float.py",
  "virtualised.py",
];

/**
 * Rolls out and gives what was found, by name, with the last receipt. What could not be run at all is among the errors and keeps
 * nothing else from being run.
 * @param isWhole all of them under 20 seeds, or a few under two
 * @param tellPart told how many are done, and the errors so far
 */
export async function findDigests({ suite, image, isWhole, tellPart }) {
  const { collectRollouts, closeSandboxes } = await import(import.meta.resolve("sameseed"));
  const seeds = Array.from({ length: isWhole ? 20 : 2 }, (_, index) => index + 1);
  const found = {};
  const errors = [];
  let receipt;
  let shown;
  const collect = async (config, label) => {
    try {
      for await (const rollout of collectRollouts({ ...config, image })) {
        found[`${label} ${rollout.seed}`] = [rollout.digest, rollout.contentDigest, rollout.outcome];
        receipt = rollout.receipt;
        if (label === "places") shown = Object.fromEntries(observations(rollout.trajectory));
      }
    } catch (error) {
      errors.push(`${label}: ${error.code ?? error.name}: ${error.message}`);
    }
    tellPart(errors, `${Object.keys(found).length} rollouts, the last of ${label}`);
  };
  for (const envName of isWhole ? environments : fewEnvironments)
    await collect({ envName, seeds, maxSteps: 60 }, envName);
  const all = readdirSync(join(suite, "planted"))
    .filter((file) => file.endsWith(".py"))
    .sort();
  for (const file of isWhole ? all : fewPlanted) {
    const envName = `${join(suite, "planted", file)}:Planted`;
    await collect({ envName, seeds: [42], policy: { actions: Array(12).fill(0) } }, basename(file, ".py"));
  }
  await collect(
    { envName: `${join(suite, "places.py")}:Places`, seeds: [42], policy: { actions: Array(12).fill(0) } },
    "places",
  );
  await closeSandboxes();
  return { found, errors, receipt, shown };
}

/** What an environment showed with each step, its parts as text. */
function observations(trajectory) {
  const asText = (_, value) => (typeof value === "bigint" ? String(value) : value);
  return [...trajectory.steps()].flatMap(({ observation }, step) => {
    const parts = Object.entries(observation ?? {});
    return parts.map(([name, value]) => [`${name} at step ${step}`, JSON.stringify(value, asText)]);
  });
}

/** The parts that another host showed otherwise, beside those of here. */
function otherPlaces(shown, expected) {
  if (shown === undefined || expected === undefined) return [];
  return Object.keys(expected)
    .filter((name) => shown[name] !== expected[name])
    .map((name) => ({ name, here: shown[name], expected: expected[name] }));
}

/** Compares what was found with what another host recorded. @param isWhole whether all that it recorded was to be found */
export function compareDigests({ found, errors, receipt, shown }, expected, isWhole) {
  const names = Object.keys(isWhole ? expected.found : found);
  const other = names.filter((each) => JSON.stringify(found[each]) !== JSON.stringify(expected.found[each]));
  const content = names.filter((each) => found[each]?.[1] !== expected.found[each][1]);
  const detail = `${names.length - other.length} of ${names.length} digests equal, ${names.length - content.length} of content`;
  // An image of another architecture is another image, and what its results are is told and not promised.
  const isOther = expected.architecture !== process.arch;
  const ended = names.filter((each) => found[each]?.[2] === expected.found[each][2]);
  const isEqual = isOther ? ended.length === names.length : other.length === 0;
  return {
    ok: isEqual && errors.length === 0,
    detail: isOther ? `${detail}, recorded on ${expected.architecture}` : detail,
    differing: isOther ? content : other.slice(0, 8),
    first: other[0] && found[other[0]],
    places: otherPlaces(shown, expected.shown),
    failed: errors,
    receipt,
  };
}
