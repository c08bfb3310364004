/* A client that opens one of everything, works, and never ends by itself. */
import { call } from "./served.ts";
import { SteppingClient } from "./stepping-client.ts";

const port = Number(process.argv[2]);
const { lease } = (await call(port, "POST", "/v1/leases", { body: { ttlMs: 1000 } })).json as {
  lease: string;
};
setInterval(() => void call(port, "POST", `/v1/leases/${lease}/heartbeat`).catch(() => {}), 250);
const headers = { "sameseed-lease": lease };
const { sandbox } = (await call(port, "POST", "/v1/sandboxes", { body: {}, headers })).json as {
  sandbox: string;
};
const command = { command: "sh", args: ["-c", "sleep 1000 & sleep 1000"] };
await call(port, "POST", `/v1/sandboxes/${sandbox}/processes`, { body: command });
const body = { env: "CartPole-v1", seeds: { from: 0, count: 20_000 }, concurrency: 1 };
await call(port, "POST", "/v1/runs", { body, headers });
const client = new SteppingClient(port, lease);
const { rollout } = (await client.ask("open", { key: "k", config: { env: "CartPole-v1", seed: 1 } })) as {
  rollout: string;
};
await client.ask("step", { rollout, seq: 1, action: 1 });
await client.ask("open_vector", { key: "v", config: { env: "CartPole-v1", count: 2, seeds: 5 } });
console.log("open");
