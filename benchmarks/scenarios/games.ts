import { playGames, type GameResult, type GameSpec } from "../../src/games/play-games.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const seeds = 20;
const gamesPerSeed = 50;

/** The same games of the same policies in one process: played and forgotten, and played and recorded. */
const bareLoops = (rounds: number): string => `
import os, random, sys, time
sys.path.insert(0, "/opt/sameseed")
from sameseed.play import referee
from sameseed.play.builtin_environments import load
from sameseed.play.sampling import pick
from sameseed.play.seeds import role_seed

TicTacToe = load("tictactoe").Environment

seeds = list(range(${seeds * gamesPerSeed}))

def bare():
    started = time.perf_counter()
    for seed in seeds:
        env = TicTacToe()
        env.reset(seed)
        streams = {seat: random.Random(role_seed(seat, seed)) for seat in "XO"}
        while not env.terminations["X"]:
            player = env.agent_selection
            env.observe(player)
            env.step(pick(env.legal_actions(), streams[player]))
    return time.perf_counter() - started

def recorded():
    sink = os.open("/dev/null", os.O_WRONLY)
    seats = [{"seat": seat, "kind": "builtin", "name": "random"} for seat in "XO"]
    started = time.perf_counter()
    referee.run(seeds=seeds, environment={"kind": "builtin", "id": "tictactoe"}, env_args={}, seats=seats, fd=sink)
    elapsed = time.perf_counter() - started
    os.close(sink)
    return elapsed

for _ in range(${rounds}):
    print(bare() * 1e3, recorded() * 1e3)
`;

/** Takes cells in an order: X first its own, so that a game of two such policies has 5 moves, or 9 and no winner. */
const short = (seat: "X" | "O"): string => ordered(seat === "X" ? [0, 1, 2] : [3, 4, 6]);
const long = (seat: "X" | "O"): string => ordered(seat === "X" ? [0, 2, 3, 7, 8] : [1, 4, 5, 6]);

function ordered(cells: readonly number[]): string {
  return `cells = iter(${JSON.stringify(cells)})\ndef choose_action(board, player, rng):\n    return next(cells)\n`;
}

/** What the very same calls cost in one process, in µs a move. */
const inProcess = `
import time
cells = []
def choose_action(board, player, rng):
    return next(cells)
board = [None] * 9
best = 1e9
for _ in range(200):
    cells = iter(range(1000))
    started = time.perf_counter()
    for _ in range(1000):
        choose_action(board[:], "X", None)
    best = min(best, time.perf_counter() - started)
print(best * 1e3)
`;

async function play(
  spec: GameSpec,
  games: number,
  perSeed: number,
  concurrency: number,
): Promise<GameResult[]> {
  const keys = Array.from({ length: games }, (_, at) => ({
    seed: Math.floor(at / perSeed),
    game: at % perSeed,
  }));
  const results = [];
  for await (const result of playGames(spec, keys, { concurrency })) results.push(result);
  return results;
}

async function batchFigures({ image, quick }: ScenarioContext): Promise<Figure[]> {
  const rounds = quick ? 3 : 15;
  const { output } = await coldPython(image, bareLoops(rounds));
  const loops = output
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const bare = median(loops.map(([ms]) => ms!));
  const recorded = median(loops.map(([, ms]) => ms!));
  const spec: GameSpec = { game: "tictactoe", seats: ["random", "random"], image };
  const elapsed: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const calledAt = performance.now();
    const results = await play(spec, seeds * gamesPerSeed, gamesPerSeed, 4);
    if (round < 0) continue;
    if (results.length !== seeds * gamesPerSeed) throw new Error("games are missing");
    elapsed.push(performance.now() - calledAt);
  }
  // What a set costs that plays next to nothing, from its call to its end; one at a time, so that none waits for others.
  const sets: number[] = [];
  for (const { rollout } of await play(spec, rounds * 4, 1, 1)) sets.push(rollout!.summary.timings.totalMs);
  const whole = median(elapsed);
  const start = median(sets);
  const allowed = (loop: number): number => 1.5 * loop + seeds * start;
  return [
    { name: "1,000 games played and forgotten in one process", value: bare, unit: "ms" },
    { name: "1,000 games played and recorded in one process", value: recorded, unit: "ms" },
    { name: "a set of one game, from start to end", value: start, unit: "ms" },
    { name: "1,000 games in 20 sets", value: whole, unit: "ms" },
    {
      name: "games / (1.5 x recorded loop + 20 sets of one)",
      value: whole / allowed(recorded),
      unit: "x",
      reach: { most: 1 },
    },
    {
      name: "games / (1.5 x forgotten loop + 20 sets of one)",
      value: whole / allowed(bare),
      unit: "x",
      reach: { most: 1 },
    },
  ];
}

async function moveFigures({ image, quick }: ScenarioContext): Promise<Figure[]> {
  const games = quick ? 40 : 300;
  const call = Number((await coldPython(image, inProcess)).output);
  const timed = async (
    policy: (seat: "X" | "O") => string,
  ): Promise<{ readonly ms: number; readonly moves: number }> => {
    const seats = [{ source: policy("X") }, { source: policy("O") }];
    const results = await play({ game: "tictactoe", seats, image }, games, games, 1);
    const fault = results.find(({ forfeit, infra }) => forfeit !== undefined || infra !== undefined);
    if (fault !== undefined)
      throw new Error(`a game went wrong: ${JSON.stringify(fault.forfeit ?? fault.infra)}`);
    return {
      ms: median(results.map(({ rollout }) => rollout!.summary.timings.totalMs)),
      moves: results[0]!.moves,
    };
  };
  await timed(short);
  const [few, many] = [await timed(short), await timed(long)];
  const perMove = ((many.ms - few.ms) / (many.moves - few.moves)) * 1000;
  return [
    { name: "a call in one process", value: call, unit: "µs" },
    { name: "a game of 5 moves, both policies in sandboxes", value: few.ms, unit: "ms" },
    { name: "a game of 9 moves", value: many.ms, unit: "ms" },
    { name: "a move over the call in one process", value: perMove - call, unit: "µs", reach: { most: 25 } },
  ];
}

/** Measures games between policies. */
export const gamesScenario: Scenario = {
  name: "games",
  about:
    "tic-tac-toe in sandboxes against the same loop in one process; a move of a policy in its own sandbox",
  run: async (context) => {
    try {
      return [...(await batchFigures(context)), ...(await moveFigures(context))];
    } finally {
      await closeSandboxes();
    }
  },
};
