/* Sandboxes over HTTP: each command once, its output from any offset, nothing left of a lease that ended. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { type Answer, createSandbox, serve, type Served, shell } from "./served.ts";
import { SteppingClient } from "./stepping-client.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 8 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const create = async (headers: Record<string, string> = {}) => await createSandbox(served, headers);
/** Adds a line to a file each time it is run. */
const append = shell("echo once >> /tmp/times; wc -l < /tmp/times");

interface Frames {
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: number;
  // eslint-disable-next-line typescript/no-explicit-any
  readonly end: any;
}

function frames(body: Buffer): Frames {
  const parts: Record<number, Buffer[]> = { 1: [], 2: [], 3: [] };
  for (let at = 0; at + 5 <= body.length; at += 5 + body.readUInt32BE(at + 1))
    parts[body[at]!]!.push(body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1)));
  const [out, err] = [Buffer.concat(parts[1]!), Buffer.concat(parts[2]!)];
  const end = parts[3]![0] === undefined ? undefined : (JSON.parse(parts[3]![0].toString()) as unknown);
  return { stdout: out.toString(), stderr: err.toString(), bytes: out.length + err.length, end };
}

/** Sends a request and breaks the connection after so many bytes of the answer. */
async function cutAt(
  path: string,
  body: unknown,
  headers: Record<string, string>,
  bytes: number,
): Promise<boolean> {
  const text = JSON.stringify(body);
  const lines = Object.entries({ host: "localhost", "content-length": String(text.length), ...headers });
  const socket = connect(served.port, "127.0.0.1");
  socket.write(
    `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${text}`,
  );
  if (bytes === 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    socket.destroy();
    return true;
  }
  let seen = 0;
  return await new Promise((resolve) => {
    socket.on("error", () => {});
    let time = setTimeout(() => socket.destroy(), 5000);
    socket.on("data", (part: Buffer) => {
      seen += part.length;
      if (seen >= bytes) socket.destroy();
      else {
        // The whole answer may be shorter.
        clearTimeout(time);
        time = setTimeout(() => socket.destroy(), 20);
      }
    });
    socket.on("close", () => {
      clearTimeout(time);
      resolve(seen >= bytes);
    });
  });
}

describe("a request that is sent twice", () => {
  it("happens once, with one answer, whatever it asks for", async () => {
    const key = (name: string) => ({ "idempotency-key": name });
    const twice = async (method: string, path: string, body: unknown, name: string): Promise<Answer> => {
      const options = { ...(body === undefined ? {} : { body }), headers: key(name) };
      const both = await Promise.all([
        served.call(method, path, options),
        served.call(method, path, options),
      ]);
      const late = await served.call(method, path, options);
      for (const answer of [both[1], late]) {
        expect(answer.status).toBe(both[0].status);
        expect(answer.bytes).toEqual(both[0].bytes);
      }
      return both[0];
    };
    const before = served.server.context.slots.used;
    const lease = (await twice("POST", "/v1/leases", {}, "lease")).json.lease;
    const { sandbox } = (await twice("POST", "/v1/sandboxes", { memoryMb: 256 }, "create")).json;
    expect(served.server.context.slots.used).toBe(before + 1);
    const path = `/v1/sandboxes/${sandbox}`;
    const run = await twice("POST", `${path}/run`, append, "run");
    expect(run.json.stdout.text.trim()).toBe("1");
    const started = await served.call("POST", `${path}/processes`, { body: append, headers: key("start") });
    const again = await served.call("POST", `${path}/processes`, { body: append, headers: key("start") });
    expect(again.json.process).toBe(started.json.process);
    const ended = await served.call("GET", `${path}/processes/${started.json.process}?waitMs=10000`);
    expect(ended.json.result.exitCode).toBe(0);
    await twice("PUT", `${path}/files?path=a`, Buffer.from("bytes"), "put");
    await twice("DELETE", `${path}/files?path=a`, undefined, "remove");
    expect((await served.call("GET", `${path}/files?path=times`)).bytes.toString()).toBe("once\nonce\n");
    const reused = await served.call("POST", `${path}/run`, { body: shell("true"), headers: key("run") });
    expect([reused.status, reused.json.error.code]).toEqual([409, "key_reused"]);
    await twice("DELETE", path, undefined, "close");
    expect((await served.call("POST", `${path}/run`, { body: append, headers: key("run") })).status).toBe(
      404,
    );
    expect(served.server.context.slots.used).toBe(before);
    await served.call("DELETE", `/v1/leases/${lease}`);
  });

  it("happens once when its answer is cut at any byte", async () => {
    const sandbox = await create();
    const path = `/v1/sandboxes/${sandbox}/run`;
    const stream = { accept: "application/vnd.sameseed.output" };
    let ran = 0;
    for (let cut = 0; cut < 60; cut++) {
      const headers = { "idempotency-key": `cut-${cut}`, ...(cut % 2 === 0 ? {} : stream) };
      await cutAt(path, append, headers, cut * 11);
      ran++;
      const { bytes, json } = await served.call("POST", path, { body: append, headers });
      const text = cut % 2 === 0 ? (json.stdout.text as string) : frames(bytes).stdout;
      expect(Number(text)).toBe(ran);
    }
    await served.call("DELETE", `/v1/sandboxes/${sandbox}`);
  });
});

describe("output", () => {
  it("is the bytes that were written, in their order, from any offset", async () => {
    const sandbox = await create();
    const path = `/v1/sandboxes/${sandbox}`;
    const line = "printf abc; sleep 0.05; printf def >&2; sleep 0.05; printf 'g\\377h'";
    const headers = { accept: "application/vnd.sameseed.output" };
    const first = await served.call("POST", `${path}/run`, { body: shell(line), headers });
    expect(frames(first.bytes)).toMatchObject({ stderr: "def", bytes: 9, end: { result: { exitCode: 0 } } });
    const process = String(first.headers["sameseed-process"]);
    for (let from = 0; from <= 9; from++) {
      const { bytes } = await served.call("GET", `${path}/processes/${process}/output?from=${from}`);
      expect(frames(bytes).bytes).toBe(9 - from);
      expect(frames(bytes).end.outputBytes).toBe(9);
    }
    expect((await served.call("GET", `${path}/processes/${process}/stdout?from=2`)).bytes).toEqual(
      Buffer.from([0x63, 0x67, 0xff, 0x68]),
    );
    expect((await served.call("GET", `${path}/processes/${process}/stderr`)).bytes.toString()).toBe("def");
    expect((await served.call("GET", `${path}/processes/${process}/output?from=10`)).status).toBe(400);
    expect((await served.call("GET", `${path}/processes/p9/output`)).status).toBe(404);
    const { json } = await served.call("POST", `${path}/run`, { body: shell(line) });
    expect(json).toMatchObject({ stdout: { base64: "YWJjZ/9o" }, stderr: { text: "def" } });
    await served.call("DELETE", path);
  });

  it("is followed while it comes, and input is written once from its offset on", async () => {
    const sandbox = await create();
    const path = `/v1/sandboxes/${sandbox}/processes`;
    const { process } = (await served.call("POST", path, { body: { command: "cat" } })).json;
    const one = `${path}/${process}`;
    const following = served.call("GET", `${one}/output?follow=true`);
    const write = async (from: number, text: string, close = false) =>
      await served.call("POST", `${one}/stdin?from=${from}&close=${close}`, { body: Buffer.from(text) });
    expect((await write(0, "hello ")).json.inputBytes).toBe(6);
    expect((await write(0, "hello ")).json.inputBytes).toBe(6);
    expect((await write(4, "o world")).json.inputBytes).toBe(11);
    expect((await write(20, "gap")).json.error.context.inputBytes).toBe(11);
    await write(11, "", true);
    expect((await write(5, " world", true)).json.inputBytes).toBe(11);
    expect((await write(11, "more")).status).toBe(400);
    expect(frames((await following).bytes)).toMatchObject({
      stdout: "hello world",
      end: { result: { exitCode: 0 } },
    });
    const long = (await served.call("POST", path, { body: shell("sleep 60") })).json.process;
    await served.call("POST", `${path}/${long}/signal`, { body: { signal: "SIGTERM" } });
    expect((await served.call("GET", `${path}/${long}?waitMs=10000`)).json.result.signal).toBe("SIGTERM");
    expect(
      (await served.call("POST", `${path}/${long}/signal`, { body: { signal: "SIGNONE" } })).status,
    ).toBe(400);
    await served.call("DELETE", `/v1/sandboxes/${sandbox}`);
  });
});

it("has no way to a file of the server's machine", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-secret-"));
  const secret = join(folder, "secret.py");
  writeFileSync(secret, "SECRET = 'of the host'\nimport gymnasium\nclass Env(gymnasium.Env): pass\n");
  try {
    const seeds = { from: 0, count: 1 };
    const run = (body: object) => ["/v1/runs", { env: "CartPole-v1", seeds, ...body }] as const;
    const asked: (readonly [string, object])[] = [
      run({ env: `${secret}:Env` }),
      run({ env: secret }),
      run({ env: { path: secret, className: "Env" } }),
      run({ env: { source: "", className: "Env", name: "../../x.py" } }),
      run({ policy: secret }),
      run({ policy: { path: secret } }),
      run({ policy: { source: "x", files: folder } }),
      run({ policy: { source: "x", name: `../${secret}` } }),
      run({ policy: ["random", { path: secret }] }),
      run({ files: folder }),
      run({ files: { [`../${secret}`]: { text: "" } } }),
      run({ files: { "a.py": { path: secret } } }),
      run({ image: secret }),
      run({ image: "../x" }),
      run({ dir: folder }),
      run({ backend: { name: "cold" } }),
      ["/v1/sandboxes", { image: secret }],
      ["/v1/sandboxes", { image: "." }],
      ["/v1/audits", { env: `${secret}:Env` }],
      ["/v1/matchups", { policyX: secret, policyO: "random", seeds: [1] }],
      ["/v1/matchups", { policyX: { path: secret }, policyO: "random", seeds: [1] }],
      ["/v1/matchups", { policyX: "random", policyO: "random", seeds: [1], dir: folder }],
      ["/v1/matchups", { policyX: "random", policyO: "random", seeds: [1], env: secret }],
      [
        "/v1/scores",
        { items: [{ completion: "", task: { id: "a", kind: "judge", judge: "x", image: secret } }] },
      ],
    ];
    for (const [path, body] of asked) {
      const { status, bytes } = await served.call("POST", path, { body });
      expect([path, body, status]).toEqual([path, body, 400]);
      expect(bytes.toString()).not.toContain("of the host");
    }
    for (const id of ["../../etc", "..%2f..%2fetc", "run_%2e%2e", "run_0000000000000000000000"])
      expect((await served.call("GET", `/v1/runs/${id}`)).status).toBe(404);
    const client = new SteppingClient(served.port);
    await client.hello();
    for (const config of [
      { env: `${secret}:Env`, seed: 1 },
      { env: "CartPole-v1", seed: 1, files: folder },
      { snapshot: secret },
    ])
      await expect(client.ask("open", { key: JSON.stringify(config), config })).rejects.toMatchObject({
        code: "bad_argument",
      });
    client.cut();
    const env = { source: "import gymnasium\nclass Env(gymnasium.Env): pass\n", className: "Env" };
    await served.call("POST", "/v1/runs", { body: { env, seeds } });
    // What a client's source was written to is gone again.
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("sameseed-serve-"))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
