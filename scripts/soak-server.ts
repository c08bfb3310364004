// `npm run soak -- server [--sandboxes N] [--steps N] [--cuts N] [--requests N] [--kills N] [--seed S] [--windows N] [--json]`: the
// server under what it must bear for long. Each part is left out with 0. A row of JSON goes to stderr after each window, with what was
// wrong in it, so that a run that is interrupted has told what it found. Exits with 1 where a part is not as it must be.
import { parseArgs } from "node:util";

import { cutAnswers } from "../tests/server/soak/cuts.ts";
import { fuzzServer } from "../tests/server/soak/fuzz.ts";
import { killUnderLoad } from "../tests/server/soak/kills.ts";
import { grownGauges, soakMemory } from "../tests/server/soak/memory.ts";
import { ServerProcess, type ServerGauges } from "../tests/server/soak/server-process.ts";

const parts = ["sandboxes", "steps", "cuts", "requests", "kills", "seed", "windows"] as const;
type Part = (typeof parts)[number];
type Amounts = Readonly<Record<Part, number>>;

/** What a part found. */
interface Found {
  readonly report: unknown;
  readonly wrong: readonly string[];
}

/** Runs it. @returns the exit code */
export async function soakServer(args: readonly string[]): Promise<0 | 1> {
  const { amounts, json } = readRequest(args);
  const found: Record<string, Found & { readonly seconds: number }> = {};
  const take = async (name: string, amount: number, work: () => Promise<Found>): Promise<void> => {
    if (amount === 0) return;
    const since = performance.now();
    const { report, wrong } = await work();
    const seconds = Math.round((performance.now() - since) / 1000);
    found[name] = { report, wrong, seconds };
    if (!json) process.stdout.write(`${name}, ${seconds} s: ${JSON.stringify(report)}\n`);
    if (!json) for (const line of wrong.slice(0, 20)) process.stdout.write(`  WRONG ${line}\n`);
  };
  await take("cuts", amounts.cuts, async () => await cuts(amounts.cuts));
  await take("requests", amounts.requests, async () => await requests(amounts));
  await take("kills", amounts.kills, async () => await kills(amounts.kills));
  await take("memory", amounts.sandboxes + amounts.steps, async () => await memory(amounts));
  if (json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  return Object.values(found).every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}

function readRequest(args: readonly string[]): { readonly amounts: Amounts; readonly json: boolean } {
  const number = (text: string) => ({ type: "string", default: text }) as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      sandboxes: number("2000"),
      steps: number("50000"),
      cuts: number("2000"),
      requests: number("10000"),
      kills: number("6"),
      seed: number("1"),
      windows: number("12"),
      json: { type: "boolean", default: false },
    },
  });
  const amounts = Object.fromEntries(parts.map((part) => [part, Number(values[part])])) as Amounts;
  if (!Object.values(amounts).every((amount) => Number.isSafeInteger(amount) && amount >= 0))
    throw new RangeError(`${parts.map((part) => `--${part}`).join(", ")} are whole numbers from 0`);
  return { amounts, json: values.json };
}

async function cuts(most: number): Promise<Found> {
  await using server = await ServerProcess.start();
  const { wrong, ...report } = await cutAnswers(server.port, most);
  const isIdle = await server.isIdle(60_000);
  return { report, wrong: [...wrong, ...server.defects, ...(isIdle ? [] : ["something is still open"])] };
}

async function requests({ requests: count, seed, windows: most }: Amounts): Promise<Found> {
  await using server = await ServerProcess.start(["--lease-ms", "1000"]);
  const [windows, wrong, statuses]: [ServerGauges[], string[], Record<string, number>] = [[], [], {}];
  let [asked, messages] = [0, 0];
  for (let window = 0; window < most; window++) {
    const some = Math.ceil(count / most);
    const found = await fuzzServer(server.port, { count: some, seed: seed * 100 + window, concurrency: 8 });
    asked += found.requests;
    messages += found.messages;
    wrong.push(...found.wrong);
    for (const [status, times] of Object.entries(found.statuses))
      statuses[status] = (statuses[status] ?? 0) + times;
    windows.push(await server.held());
    row({
      window: window + 1,
      asked,
      messages,
      ...windows.at(-1)!,
      statuses: found.statuses,
      wrong: found.wrong,
    });
  }
  // Leases that a right request asked for may live for an hour.
  const grown = grownGauges(windows, ["rssBytes", "heapBytes", "externalBytes", "descriptors", "slotsUsed"]);
  return {
    report: { requests: asked, messages, statuses, windows },
    wrong: [...wrong, ...server.defects, ...grown],
  };
}

async function kills(rounds: number): Promise<Found> {
  const { wrong, ...report } = await killUnderLoad(
    rounds,
    (round) => (round * 137) % 1000,
    (done) => process.stderr.write(`${done} of ${rounds} killed\n`),
  );
  return { report, wrong };
}

async function memory({ sandboxes, steps, windows }: Amounts): Promise<Found> {
  await using server = await ServerProcess.start(["--max-sandboxes", "128"]);
  const { grown, ...report } = await soakMemory(server, {
    sandboxes,
    steps,
    windows,
    onWindow: (done, gauges) => row({ ...done, ...gauges, wrong: server.defects }),
  });
  return { report, wrong: [...grown, ...server.defects] };
}

/** What a window found, with the seconds since the beginning. */
function row(found: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${JSON.stringify({ seconds: Math.round(performance.now() / 1000), ...found })}\n`);
}
