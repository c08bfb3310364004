import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";

import { createServer } from "../../src/server/server.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { inOwnProcess } from "../own-process.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const clients = 32;
const request = { code: "print('hello')", language: "python" };

/** The same HTTP server without a zygote: a bubblewrap sandbox and a Python interpreter for each request. */
async function coldServer(image: string): Promise<{ readonly address: string; readonly server: Server }> {
  const app = new Hono();
  app.post("/run_code", async (c) => {
    const { code } = await c.req.json<{ code: string }>();
    const since = performance.now();
    const { output } = await coldPython(image, code);
    return c.json({
      status: "Success",
      run_result: { status: "Finished", execution_time: performance.now() - since, stdout: output },
    });
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createHttpServer((asked, answer) => void listener(asked, answer));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const seconds = String(quick ? 2 : 5);
  await using server = createServer({ listen: "127.0.0.1:0" });
  await server.start();
  const cold = await coldServer(image);
  const rate = async (address: string): Promise<number> =>
    (await inOwnProcess("http-load.ts", [
      `${address}/run_code`,
      String(clients),
      seconds,
      JSON.stringify(request),
    ])) as number;
  const [ours, theirs]: [number[], number[]] = [[], []];
  await rate(server.address);
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    theirs.push(await rate(cold.address));
    ours.push(await rate(server.address));
    say(`  round ${round + 1}: ${ours.at(-1)!.toFixed(0)} and ${theirs.at(-1)!.toFixed(1)} requests/s`);
  }
  cold.server.closeAllConnections();
  cold.server.close();
  const [served, bare] = [median(ours), median(theirs)];
  return [
    { name: `/run_code of one print, ${clients} clients`, value: served, unit: "/s" },
    { name: "the same with bubblewrap and a Python each, same HTTP server", value: bare, unit: "/s" },
    { name: "ours / bubblewrap and Python", value: served / bare, unit: "x", reach: { least: 15 } },
  ];
}

/** What a fork of a warm interpreter is worth to whoever runs programs over HTTP. */
export const servingPrograms: Scenario = {
  name: "serving-programs",
  about: "/run_code of a trivial program by 32 clients, against bubblewrap and a Python for each request",
  run,
};
