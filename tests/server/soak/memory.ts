/* Many sandboxes and many steps, one window after the other: what the server has after the last it had after the first ones. */
import { Agent, request } from "node:http";

import { call } from "../served.ts";
import { SteppingClient } from "../stepping-client.ts";
import type { ServerGauges, ServerProcess } from "./server-process.ts";

const clients = 8;
const environments = 64;
const mebibyte = 1024 * 1024;

/** What was done, and what the server had after each window. */
export interface MemoryReport {
  readonly sandboxes: number;
  readonly steps: number;
  readonly windows: readonly ServerGauges[];
  /** A sentence for each figure that is not flat. */
  readonly grown: readonly string[];
}

/**
 * @param windows over how many the work is spread; the first third warms up
 * @param onWindow called after each
 */
export async function soakMemory(
  server: ServerProcess,
  {
    sandboxes,
    steps,
    windows,
    onWindow = () => {},
  }: {
    readonly sandboxes: number;
    readonly steps: number;
    readonly windows: number;
    readonly onWindow?: (
      done: { readonly sandboxes: number; readonly steps: number },
      gauges: ServerGauges,
    ) => void;
  },
): Promise<MemoryReport> {
  const agent = new Agent({ keepAlive: true });
  const seen: ServerGauges[] = [];
  let [made, taken] = [0, 0];
  for (let window = 1; window <= windows; window++) {
    made += await openSandboxes(server.port, agent, Math.round((sandboxes * window) / windows) - made);
    taken += await stepVectors(server.port, Math.round((steps * window) / windows) - taken);
    if (!(await server.isIdle(30_000))) throw new Error("the server has something open that nobody uses");
    seen.push(await server.held());
    onWindow({ sandboxes: made, steps: taken }, seen.at(-1)!);
  }
  agent.destroy();
  return { sandboxes: made, steps: taken, windows: seen, grown: grownGauges(seen) };
}

async function openSandboxes(port: number, agent: Agent, count: number): Promise<number> {
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const { sandbox } = (await ask(port, agent, "POST", "/v1/sandboxes", "{}")) as { sandbox: string };
      const ran = await ask(port, agent, "POST", `/v1/sandboxes/${sandbox}/run`, '{"command":"true"}');
      if ((ran as { result: { exitCode: number } }).result.exitCode !== 0)
        throw new Error(JSON.stringify(ran));
      await ask(port, agent, "DELETE", `/v1/sandboxes/${sandbox}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return count;
}

/** Steps of a vector of environments, each recorded in a sandbox of its own. */
async function stepVectors(port: number, count: number): Promise<number> {
  const client = new SteppingClient(port);
  const { lease } = (await client.hello()) as { lease: string };
  const config = { env: "CartPole-v1", count: environments, seeds: 0, autoreset: "same_step" };
  const { vector } = await client.ask("open_vector", { key: "v", config });
  let seq = 0;
  let taken = 0;
  for (; taken < count; taken += environments) {
    const actions = Array.from({ length: environments }, (_, at) => (at + seq) % 2);
    await client.ask("step_vector", { vector, seq: ++seq, actions });
  }
  await client.ask("close_vector", { vector, seq: ++seq });
  await call(port, "DELETE", `/v1/leases/${lease}`);
  client.cut();
  return taken;
}

async function ask(port: number, agent: Agent, method: string, path: string, body = ""): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const headers = { "content-length": body.length };
    const sent = request({ port, host: "127.0.0.1", method, path, agent, headers }, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString()));
      answer.on("end", () => {
        if ((answer.statusCode ?? 500) >= 300) reject(new Error(text));
        else resolve(text === "" ? undefined : JSON.parse(text));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const rooms: ServerGauges = {
  rssBytes: 24 * mebibyte,
  heapBytes: 4 * mebibyte,
  externalBytes: 4 * mebibyte,
  descriptors: 8,
  slotsUsed: 0,
  leases: 0,
  processes: 0,
};

/** The median of the last third against that of the second: a slow growth shows over a third of everything, one high reading does not. */
export function grownGauges(
  seen: readonly ServerGauges[],
  names: readonly (keyof ServerGauges)[] = Object.keys(rooms) as (keyof ServerGauges)[],
): string[] {
  const third = Math.max(1, Math.floor(seen.length / 3));
  const median = (some: readonly ServerGauges[], name: keyof ServerGauges): number =>
    some.map((gauges) => gauges[name]).toSorted((one, other) => one - other)[Math.floor(some.length / 2)]!;
  return names.flatMap((name) => {
    const [before, after] = [median(seen.slice(third, 2 * third), name), median(seen.slice(-third), name)];
    return after <= before + rooms[name]
      ? []
      : [`${name} is ${after} in the last windows, and was ${before} in the middle`];
  });
}
