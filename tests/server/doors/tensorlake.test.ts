/* The packages that Tensorlake's users have, unmodified, against this server: they tell when their protocol moves. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { installed } from "../../client/installed.ts";
import { serve, type Served } from "../served.ts";

const programs = join(import.meta.dirname, "tensorlake");
const run = promisify(execFile);

let served: Served;
let address: string;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 12 });
  address = `http://127.0.0.1:${served.port}`;
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

type Variables = Readonly<Record<string, string>>;

async function python(program: string, variables: Variables): Promise<string> {
  const env = {
    ...process.env,
    PYTHONPATH: installed("tensorlake-python"),
    PYTHONDONTWRITEBYTECODE: "1",
    ...variables,
  };
  return (await run("python3", [join(programs, program)], { env })).stdout;
}

/** Runs a program beside one version of the package. */
async function node(
  version: string,
  program: string,
  variables: Variables,
  args: readonly string[] = [],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-tensorlake-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(
      join(installed("tensorlake-npm"), "node_modules", version),
      join(folder, "node_modules/tensorlake"),
    );
    copyFileSync(join(programs, program), join(folder, program));
    return (
      await run(process.execPath, [join(folder, program), ...args], { env: { ...process.env, ...variables } })
    ).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What each call came to, by its name. */
const calls = (said: string): Record<string, unknown> =>
  Object.fromEntries(
    said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, unknown]),
  );

const expected = {
  run: [3, "a\nb", "c"],
  env: "é\n/dev",
  timeout: -9,
  "no file": "RemoteAPIError No such file",
  busy: "RemoteAPIError alive",
  follow: ["one", "two", "three"],
  output: ["one", "two", "three"],
  signal: 15,
  processes: ["exited", "exited", "signaled", "exited", "signaled", "signaled"],
  status: "running",
  memory: "RemoteAPIError no snapshots",
  snapshots: 0,
  suspend: "RemoteAPIError no such",
  network: "RemoteAPIError no network",
  image: "RemoteAPIError no image",
  "full pool": "RemoteAPIError this pool has",
  "used pool": "PoolInUseError sandboxes of this pool are open",
  terminated: "terminated",
  left: 0,
};

describe("the package for Python", () => {
  it("does every call that is served, and is told of the others", async () => {
    const said = calls(await python("calls.py", { TENSORLAKE_SANDBOX_API_URL: address }));
    expect(said).toEqual({
      ...expected,
      "timed out": true,
      file: true,
      list: [["a.bin", false, 76_800]],
      restored: 76_800,
      copy: [2, 76_800],
      named: true,
    });
  });

  it("plays CartPole and tic-tac-toe as its users write them, with either variable for the address", async () => {
    const [cartpole, tictactoe] = await Promise.all([
      python("cartpole.py", { TENSORLAKE_API_URL: address }),
      python("tictactoe.py", { TENSORLAKE_SANDBOX_API_URL: address }),
    ]);
    expect(JSON.parse(cartpole)).toHaveLength(3);
    expect(JSON.parse(tictactoe)).toHaveLength(2);
  });
});

describe.each([
  ["tensorlake", "copy"],
  // Of this version's fetch the Host, by which it names a sandbox of this machine, is not sent: any other address works.
  ["tensorlake-0.5.33", "no copy"],
] as const)("the package for Node, %s", (version, copy) => {
  const variables = (): Variables => ({
    TENSORLAKE_API_URL: address,
    ...(copy === "copy" ? {} : { TENSORLAKE_SANDBOX_PROXY_URL: `http://0.0.0.0:${served.port}` }),
  });

  it("does every call that is served, and is told of the others", async () => {
    const said = calls(await node(version, "calls.mjs", variables(), [copy]));
    const [file, list, restored] = [0, [["a.bin", false, 70_000]], 70_000];
    expect(said).toEqual({
      ...expected,
      file,
      list,
      restored,
      ...(copy === "copy" ? { copy: [2, 70_000] } : {}),
    });
  });

  it("plays CartPole as its users write it", async () => {
    expect(JSON.parse(await node(version, "cartpole.mjs", variables()))).toHaveLength(2);
  });
});

it("leaves nothing, and takes nobody's word for a sandbox", async () => {
  expect(served.server.context.slots.used).toBe(0);
  const at = async (host: string): Promise<number> =>
    (await served.call("GET", "/api/v1/health", { headers: { host } })).status;
  const { json } = await served.call("POST", "/sandboxes", { body: {} });
  expect(await at(`${json.sandbox_id}.local`)).toBe(200);
  // A page whose name stands for this machine has none of the names that are open here.
  expect(await at("aaaaaaaaaaaaaaaaaaaaa.local")).toBe(403);
  expect(await at("page.local")).toBe(403);
  const headers = { "x-tensorlake-sandbox-id": "aaaaaaaaaaaaaaaaaaaaa" };
  expect((await served.call("GET", "/api/v1/health", { headers })).status).toBe(404);
  await served.call("DELETE", `/sandboxes/${json.sandbox_id}`);
  const gone = await served.call("GET", `/v1/namespaces/default/sandboxes/${json.sandbox_id}`);
  expect(gone.json.status).toBe("terminated");
});

it("ends a sandbox that nobody names for its time, and says that it did", async () => {
  const { json } = await served.call("POST", "/sandboxes", { body: { timeout_secs: 0.5 } });
  await expect
    .poll(async () => (await served.call("GET", `/sandboxes/${json.sandbox_id}`)).json, { timeout: 10_000 })
    .toMatchObject({ status: "terminated", termination_reason: "timeout" });
  await expect.poll(() => served.server.context.slots.used, { timeout: 5000 }).toBe(0);
});
