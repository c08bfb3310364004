// A swarm: many scouts with policies of their own, one lead that hears of every rollout as it ends.
// Run it with `node examples/swarm.ts`, or over a fleet with `node examples/swarm.ts redis://queue:6379`.
// Outside this repository the import is `from "sameseed"`.
//
// A scout is a policy as source code, here a linear controller with gains of its own; a model could have written it. All of them
// run at the same time. The lead drops a scout as soon as it cannot be one of the best two any more, whatever its other rollouts
// give, so who they are does not depend on which results come first. They are the parents of the next round.
import { closeSandboxes, collectRollouts, openFleet, type RolloutFleet } from "../src/index.ts";

const [seeds, mostSteps, scouts, rounds] = [[1, 2, 3, 4, 5, 6, 7, 8], 200, 6, 2];
const fleet: RolloutFleet | undefined =
  process.argv[2] === undefined ? undefined : openFleet(process.argv[2]);

interface Scout {
  readonly name: string;
  readonly gains: readonly number[];
  readonly source: string;
  /** Returns by seed, as far as they came. */
  readonly returns: Map<number, number>;
  readonly stop: AbortController;
}

/** The same numbers in every run: what is drawn for a scout follows from its name. */
function* draws(name: string): Generator<number, never> {
  let state = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7);
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield (state / 2 ** 31 - 1) * 2;
  }
}

function makeScout(name: string, parent: readonly number[] = [0, 0, 0, 0]): Scout {
  const draw = draws(name);
  const gains = parent.map((gain) => gain + draw.next().value);
  const source =
    `GAINS = ${JSON.stringify(gains)}\n` +
    "def act(observation, rng, info):\n" +
    "    return int(sum(g * o for g, o in zip(GAINS, observation)) > 0)\n";
  return { name, gains, source, returns: new Map(), stop: new AbortController() };
}

/** The least and the most that a scout's sum can be in the end: a return is from 0 to the number of steps. */
function bounds({ returns }: Scout): readonly [number, number] {
  const sum = [...returns.values()].reduce((total, value) => total + value, 0);
  return [sum, sum + (seeds.length - returns.size) * mostSteps];
}

/** Runs one scout; a policy that crashes or loops is an outcome of its own and stops nobody else. */
async function send(scout: Scout, told: (scout: Scout) => void): Promise<void> {
  const rollouts = collectRollouts({
    envName: "CartPole-v1",
    seeds,
    maxSteps: mostSteps,
    policy: { name: `${scout.name}.py`, source: scout.source },
    signal: scout.stop.signal,
    ...(fleet === undefined ? { concurrency: 2 } : { fleet }),
  });
  try {
    for await (const { seed, outcome, totalReward } of rollouts) {
      const isComplete = outcome === "terminated" || outcome === "truncated";
      scout.returns.set(seed, isComplete ? Number(totalReward) : 0);
      told(scout);
    }
  } catch (error) {
    if (!scout.stop.signal.aborted) throw error;
  }
}

async function playRound(swarm: readonly Scout[]): Promise<Scout[]> {
  let rollouts = 0;
  const told = (): void => {
    rollouts++;
    const [, safe = 0] = swarm.map((scout) => bounds(scout)[0]).sort((a, b) => b - a);
    for (const scout of swarm) if (bounds(scout)[1] < safe) scout.stop.abort();
  };
  await Promise.all(swarm.map(async (scout) => await send(scout, told)));
  const dropped = swarm.filter(({ returns }) => returns.size < seeds.length).length;
  console.log(`  ${rollouts} rollouts, ${dropped} scouts dropped before their end`);
  return swarm
    .filter(({ returns }) => returns.size === seeds.length)
    .sort((a, b) => bounds(b)[0] - bounds(a)[0] || (a.name < b.name ? -1 : 1));
}

let parents: readonly Scout[] = [];
for (let round = 1; round <= rounds; round++) {
  console.log(`round ${round}`);
  const swarm = Array.from({ length: scouts }, (_, at) =>
    makeScout(`scout-${round}-${at + 1}`, parents[at % (parents.length || 1)]?.gains),
  );
  // One scout's author made a mistake: it is last, and nothing else happens.
  swarm.push({
    ...makeScout(`scout-${round}-broken`),
    source: "def act(observation, rng, info):\n    return 1 / 0\n",
  });
  const ranked = await playRound([
    ...parents.map((own) => ({ ...own, returns: new Map(), stop: new AbortController() })),
    ...swarm,
  ]);
  parents = ranked.slice(0, 2);
  for (const scout of parents) console.log(`  ${scout.name}: mean return ${bounds(scout)[0] / seeds.length}`);
}
console.log(`winner: ${parents[0]?.name}`);
await closeSandboxes();
