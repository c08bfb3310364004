/* SIGKILL of the server, of its client, and of both at once, at a moment of chance while everything is at work. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RunReader } from "../../../src/store/run-reader.ts";
import { ServerProcess } from "./server-process.ts";

const main = join(import.meta.dirname, "../../../src/cli/main.ts");
const clientProgram = join(import.meta.dirname, "../client-program.ts");
/** What a lease of the client's may take to end: its second, two more as stated, and what a busy machine adds. */
const leftMs = 20_000;

/** Whom a round kills. */
export type Victim = "server" | "client" | "both";

/** What was left, in words: nothing, or it is wrong. */
export interface KillsReport {
  readonly rounds: Readonly<Record<Victim, number>>;
  /** Runs that were gone on with behind a death. */
  readonly resumed: number;
  readonly wrong: readonly string[];
}

/** @param pauseMs how long a round works before it kills, by its number */
export async function killUnderLoad(
  rounds: number,
  pauseMs: (round: number) => number,
  onRound: (round: number) => void = () => {},
): Promise<KillsReport> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-kills-"));
  const counts: Record<Victim, number> = { server: 0, client: 0, both: 0 };
  const wrong: string[] = [];
  let resumed = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const victim = (["server", "client", "both"] as const)[round % 3]!;
      const left = await oneRound(victim, join(folder, String(round)), pauseMs(round));
      wrong.push(...left.wrong.map((what) => `round ${round}, ${victim}: ${what}`));
      resumed += left.resumed;
      counts[victim]++;
      onRound(round + 1);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rounds: counts, resumed, wrong };
}

async function oneRound(
  victim: Victim,
  runs: string,
  pauseMs: number,
): Promise<{ wrong: string[]; resumed: number }> {
  const wrong: string[] = [];
  const server = await ServerProcess.start(["--lease-ms", "1000"], runs);
  const client = spawn(process.execPath, [clientProgram, String(server.port)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(client, "exit");
  client.stderr.resume();
  await once(client.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  if (victim !== "server") client.kill("SIGKILL");
  if (victim === "client") {
    await gone;
    if (!(await server.isIdle(leftMs))) wrong.push("something of the client's is open");
    wrong.push(...server.defects, ...(await server.end("SIGTERM")));
  } else {
    wrong.push(...(await server.end("SIGKILL")));
    client.kill("SIGKILL");
    await gone;
  }
  return { wrong, resumed: await resume(runs, wrong) };
}

/** The command line goes on with what is recorded, as the server's refusal of the run says. */
async function resume(runs: string, wrong: string[]): Promise<number> {
  const ids = readdirSync(runs).filter((name) => name.startsWith("run_"));
  if (ids.length !== 1) wrong.push(`there are ${ids.length} runs, not one`);
  let resumed = 0;
  for (const id of ids) {
    const folder = join(runs, id);
    const before = await recordedIn(folder);
    const args = ["run", "CartPole-v1", "--seeds", "0..19999", "--out", folder, "--resume"];
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    const gone = once(child, "exit");
    const until = performance.now() + 2 * leftMs;
    // Rollouts that were begun are ended and recorded when it is asked to end.
    while (child.exitCode === null && performance.now() < until) {
      if ((await recordedIn(folder).catch(() => before)) > before) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    child.kill("SIGTERM");
    await gone;
    if ((await recordedIn(folder)) > before) resumed++;
    else wrong.push(`${id} does not go on from ${before}: ${said.slice(-300)}`);
  }
  return resumed;
}

async function recordedIn(folder: string): Promise<number> {
  using reader = await RunReader.open(folder);
  return reader.recordedOrder().length;
}
