import { Agent, request } from "node:http";

import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { createServer } from "../../src/server/server.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const clients = 8;
const command = { command: "true" };

/** Does the same work by so many clients at the same time. @returns the time of each, in ms */
async function byClients(rounds: number, work: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  const client = async (): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      await work();
      taken.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return taken;
}

async function inProcess(image: string): Promise<void> {
  const sandbox = await Sandbox.create({ image });
  await sandbox.run(command.command);
  await sandbox.close();
}

/** A client that keeps its connections, as every HTTP library does. */
function overHttp(
  address: string,
  image: string,
): { readonly work: () => Promise<void>; readonly close: () => void } {
  const agent = new Agent({ keepAlive: true });
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> =>
    await new Promise((resolve, reject) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const sent = request(
        `${address}${path}`,
        { method, agent, headers: { "content-length": text.length } },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("end", () => {
            const given = Buffer.concat(parts).toString();
            resolve(given === "" ? undefined : (JSON.parse(given) as unknown));
          });
        },
      );
      sent.on("error", reject);
      sent.end(text);
    });
  const work = async (): Promise<void> => {
    const { sandbox } = (await call("POST", "/v1/sandboxes", { image })) as { sandbox: string };
    await call("POST", `/v1/sandboxes/${sandbox}/run`, command);
    await call("DELETE", `/v1/sandboxes/${sandbox}`);
  };
  return { work, close: () => agent.destroy() };
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const rounds = quick ? 10 : 100;
  await using server = createServer({ listen: "127.0.0.1:0" });
  await server.start();
  const { work, close } = overHttp(server.address, image);
  say(`a sandbox created, one command run, closed: ${clients} clients, ${rounds} times each`);
  await byClients(3, async () => await inProcess(image));
  await byClients(3, work);
  // In turns, so that both meet the same load.
  const [here, there]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 4; turn++) {
    here.push(...(await byClients(Math.ceil(rounds / 4), async () => await inProcess(image))));
    there.push(...(await byClients(Math.ceil(rounds / 4), work)));
  }
  close();
  const [direct, served] = [median(here), median(there)];
  return [
    { name: "create, run, close in the process, 8 clients, p50", value: direct, unit: "ms" },
    { name: "create, run, close over HTTP, 8 clients, p50", value: served, unit: "ms" },
    { name: "over HTTP / in the process", value: served / direct, unit: "x", reach: { most: 3 } },
  ];
}

/** What HTTP adds to a sandbox. */
export const serving: Scenario = {
  name: "serving",
  about:
    "a sandbox created, one command run and closed over HTTP by 8 clients, against the same in the process",
  run,
};
