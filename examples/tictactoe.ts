// Tic-tac-toe: random, greedy and a learned policy play each other in sandboxes, then the learned one plays you. Run it with
// `node examples/tictactoe.ts` and type cells from 0 to 8, or pipe them in: `printf '4\n2\n3\n' | node examples/tictactoe.ts`.
// Outside this repository the import is `from "sameseed"`.
import { createInterface } from "node:readline";

import {
  evaluateMatchup,
  playAgainst,
  qPolicyCode,
  trainPolicy,
  type SeatPolicyInput,
} from "../src/index.ts";

// Learns by playing against itself; every episode in a sandbox. What comes out is source like any other policy's.
const table = await trainPolicy({ episodes: 20_000, seed: 7 });
const learned: SeatPolicyInput = { name: "learned.py", source: qPolicyCode(table) };

const seeds = Array.from({ length: 5 }, (_, index) => index);
const pairings: readonly (readonly [string, SeatPolicyInput, string, SeatPolicyInput])[] = [
  ["random", "random", "greedy", "greedy"],
  ["learned", learned, "random", "random"],
  ["learned", learned, "greedy", "greedy"],
];

console.log("x        o       games  wins  draws  losses  mean return (95 %)");
for (const [x, policyX, o, policyO] of pairings) {
  const result = await evaluateMatchup({ policyX, policyO, seeds, nGames: 20 });
  const { games, wins, draws, losses, meanReturn, interval } = result;
  const counts = [
    String(games).padStart(5),
    String(wins).padStart(4),
    String(draws).padStart(5),
    String(losses).padStart(6),
  ];
  const mean = `${signed(meanReturn)} [${signed(interval?.low)}, ${signed(interval?.high)}]`;
  console.log(`${x.padEnd(7)}  ${o.padEnd(6)}  ${counts.join("  ")}  ${mean}`);
}

// One sandbox stays open for the whole game; a policy that crashes or stalls would lose it.
await using game = await playAgainst(learned, { as: "X", seed: 1 });
console.log("\nyour move, 0 to 8, row by row");
for await (const line of createInterface({ input: process.stdin })) {
  const cell = Number(line);
  if (!(game.view.legal ?? []).includes(cell)) {
    console.log(`legal: ${JSON.stringify(game.view.legal)}`);
    continue;
  }
  const { board, end } = await game.move(cell);
  const marks = (board ?? []).map((mark) => mark ?? ".").join("");
  console.log(`${marks.slice(0, 3)}\n${marks.slice(3, 6)}\n${marks.slice(6)}\n`);
  if (end !== undefined) break;
}
const { end } = game.view;
console.log(
  { you: "you win", policy: "it wins", draw: "a draw", none: "not finished" }[end?.winner ?? "none"],
);
console.log(`recorded: ${end?.result?.rollout?.summary.playDigest ?? "nothing"}`);
process.exitCode = end === undefined ? 1 : 0;

function signed(value: number | null | undefined): string {
  return `${(value ?? 0) < 0 ? "" : "+"}${(value ?? 0).toFixed(2)}`;
}
