/* Answers that are cut at a byte, each request sent again twice: what was asked for happened once. */
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";

import { decodeCbor } from "../../../src/model/cbor/decode.ts";
import { encodePlain } from "../../../src/model/cbor/encode-plain.ts";
import { toTyped } from "../../../src/model/cbor/typed-value.ts";
import { call } from "../served.ts";
import { SteppingClient } from "../stepping-client.ts";

/** What was cut, and what was not as it must be. */
export interface CutsReport {
  /** Answers that were cut, by what was asked for. */
  readonly cuts: Readonly<Record<string, number>>;
  /** How often each request was sent: the one that was cut, and two more. */
  readonly sent: number;
  readonly wrong: readonly string[];
}

interface Kind {
  readonly name: string;
  /** Sends request number `at` and takes so many bytes of its answer. @returns whether that was less than all */
  readonly cut: (at: number, bytes: number) => Promise<boolean>;
  /** Sends it again, whole. @returns what it was answered with */
  readonly again: (at: number) => Promise<string>;
  /** What is not as it must be after all of them. */
  readonly look: (count: number) => Promise<readonly string[]>;
}

/** Cuts so many answers, at each byte from the first on, of all kinds at the same time. */
export async function cutAnswers(port: number, most: number): Promise<CutsReport> {
  const kinds = await Promise.all([runs(port), creations(port), inputs(port), steps(port)]);
  const each = Math.ceil(most / kinds.length);
  const done = await Promise.all(kinds.map(async (kind) => await cutKind(kind, each)));
  return {
    cuts: Object.fromEntries(kinds.map(({ name }, at) => [name, done[at]!.cuts])),
    sent: done.reduce((sum, { sent }) => sum + sent, 0),
    wrong: done.flatMap(({ wrong }) => wrong),
  };
}

async function cutKind(
  { name, cut, again, look }: Kind,
  most: number,
): Promise<{ readonly cuts: number; readonly sent: number; readonly wrong: readonly string[] }> {
  const wrong: string[] = [];
  let [at, offset, cuts] = [0, 0, 0];
  while (cuts < most) {
    const isCut = await cut(++at, offset);
    const [first, second] = [await again(at), await again(at)];
    if (first !== second) wrong.push(`${name} ${at}: ${first} and then ${second}`);
    // Behind the last byte it begins anew: nothing was cut.
    offset = isCut ? offset + 1 : 0;
    if (isCut) cuts++;
  }
  return { cuts, sent: 3 * at, wrong: [...wrong, ...(await look(at))] };
}

async function sandboxOf(
  port: number,
): Promise<{ readonly path: string; readonly close: () => Promise<unknown> }> {
  const { lease } = (await call(port, "POST", "/v1/leases", { body: { ttlMs: 3_600_000 } })).json as {
    lease: string;
  };
  const headers = { "sameseed-lease": lease };
  const { sandbox } = (await call(port, "POST", "/v1/sandboxes", { body: {}, headers })).json as {
    sandbox: string;
  };
  const close = async (): Promise<unknown> => await call(port, "DELETE", `/v1/leases/${lease}`);
  return { path: `/v1/sandboxes/${sandbox}`, close };
}

/** Commands that each write a line. */
async function runs(port: number): Promise<Kind> {
  const { path, close } = await sandboxOf(port);
  const of = (at: number) => {
    const body = { command: "sh", args: ["-c", `echo ${at} >> log; echo done ${at}`] };
    return { method: "POST", path: `${path}/run`, key: `run-${at}`, body: Buffer.from(JSON.stringify(body)) };
  };
  return {
    name: "commands",
    cut: async (at, bytes) => await cutHttp(port, of(at), bytes),
    again: async (at) => await whole(port, of(at)),
    look: async (count) => {
      const log = (await call(port, "GET", `${path}/files?path=log`)).bytes.toString().trim().split("\n");
      await close();
      return differences("lines of commands", log, count);
    },
  };
}

/** Sandboxes of one lease. */
async function creations(port: number): Promise<Kind> {
  const { lease } = (await call(port, "POST", "/v1/leases", { body: { ttlMs: 3_600_000 } })).json as {
    lease: string;
  };
  const of = (at: number) => {
    const headers = `Sameseed-Lease: ${lease}\r\n`;
    return { method: "POST", path: "/v1/sandboxes", key: `new-${at}`, body: Buffer.from("{}"), headers };
  };
  const wrong: string[] = [];
  return {
    name: "creations",
    cut: async (at, bytes) => await cutHttp(port, of(at), bytes),
    again: async (at) => {
      const told = await whole(port, of(at));
      const { sandbox } = JSON.parse(told) as { sandbox: string };
      const all = (await call(port, "GET", "/v1/sandboxes")).json as {
        sandboxes: { sandbox: string; lease: string }[];
      };
      const open = all.sandboxes.filter((each) => each.lease === lease).map((each) => each.sandbox);
      // The second time it is closed already; its answer is the same.
      if (open.length > 1 || (open.length === 1 && open[0] !== sandbox))
        wrong.push(`creation ${at}: ${open.join()}`);
      await call(port, "DELETE", `/v1/sandboxes/${sandbox}`);
      return told;
    },
    look: async () => {
      await call(port, "DELETE", `/v1/leases/${lease}`);
      return wrong;
    },
  };
}

/** Input of a process, from an offset on. */
async function inputs(port: number): Promise<Kind> {
  const { path, close } = await sandboxOf(port);
  const body = { command: "sh", args: ["-c", "cat > all"] };
  await call(port, "POST", `${path}/processes`, { body });
  const line = (at: number): Buffer => Buffer.from(`${String(at).padStart(7)}\n`);
  const of = (at: number) => {
    const from = (at - 1) * line(at).length;
    return { method: "POST", path: `${path}/processes/p1/stdin?from=${from}`, key: "", body: line(at) };
  };
  return {
    name: "inputs",
    cut: async (at, bytes) => await cutHttp(port, of(at), bytes),
    again: async (at) => await whole(port, of(at)),
    look: async (count) => {
      await call(port, "POST", `${path}/processes/p1/stdin?from=${8 * count}&close=true`);
      await call(port, "GET", `${path}/processes/p1?waitMs=10000`);
      const all = (await call(port, "GET", `${path}/files?path=all`)).bytes.toString().trim().split("\n");
      await close();
      return differences("lines of input", all, count);
    },
  };
}

/** Steps of a rollout, each from a connection of its own on one lease. */
async function steps(port: number): Promise<Kind> {
  const keeper = new SteppingClient(port);
  const { lease } = (await keeper.hello()) as { lease: string };
  const source =
    "import gymnasium\nclass E(gymnasium.Env):\n    action_space = gymnasium.spaces.Discrete(2)\n    observation_space = gymnasium.spaces.Box(0, 1e9)\n    def reset(self, *, seed=None, options=None):\n        self.n = 0\n        return [0.0], {}\n    def step(self, action):\n        self.n += 1\n        return [float(self.n)], float(self.n), False, False, {}\n";
  const config = { env: { source, className: "E" }, seed: 1 };
  const { rollout } = (await keeper.ask("open", { key: "k", config })) as { rollout: string };
  const of = (seq: number): Buffer =>
    Buffer.from(encodePlain({ id: 7, op: "step", rollout, seq, action: seq % 2 }));
  const wrong: string[] = [];
  return {
    name: "steps",
    cut: async (seq, bytes) => await cutSocket(port, lease, of(seq), bytes),
    again: async (seq) => {
      const answer = await askSocket(port, lease, of(seq));
      const { steps: told } = (toTyped(decodeCbor(answer, "protocol_broken")) as { ok: { steps: number } })
        .ok;
      if (told !== seq) wrong.push(`step ${seq} was number ${told}`);
      return answer.toString("hex");
    },
    look: async (count) => {
      const { summary } = (await keeper.ask("close", { rollout, seq: count + 1 })) as { summary: string };
      const { nSteps, steps: played } = JSON.parse(summary) as { nSteps?: number; steps?: number };
      if ((nSteps ?? played) !== count) wrong.push(`${nSteps ?? played} steps were recorded, not ${count}`);
      await call(port, "DELETE", `/v1/leases/${lease}`);
      keeper.cut();
      return wrong;
    },
  };
}

function differences(what: string, lines: readonly string[], count: number): string[] {
  const expected = Array.from({ length: count }, (_, at) => String(at + 1));
  const told = lines.map((line) => line.trim());
  return told.join() === expected.join()
    ? []
    : [`${what}: ${told.length} in place of ${count}, or in another order`];
}

interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly body: Buffer;
  readonly headers?: string;
}

function bytesOf({ method, path, key, body, headers = "" }: HttpRequest): Buffer {
  const keyed = key === "" ? "" : `Idempotency-Key: ${key}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${keyed}${headers}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Takes so many bytes of an answer and leaves. */
async function cutHttp(port: number, asked: HttpRequest, bytes: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(bytesOf(asked));
  return await cutAt(socket, bytes);
}

async function whole(port: number, { method, path, key, body, headers = "" }: HttpRequest): Promise<string> {
  const [name, value] = headers.trim().split(": ");
  const own = value === undefined ? {} : { [name!]: value };
  const answer = await call(port, method, path, {
    body,
    headers: { ...own, ...(key === "" ? {} : { "idempotency-key": key }) },
  });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.bytes.toString()}`);
  return answer.bytes.toString();
}

/** Ends a connection when so many bytes have come. @returns whether more would have come */
async function cutAt(socket: Socket, bytes: number): Promise<boolean> {
  return await new Promise((resolve) => {
    let taken = 0;
    socket.on("close", () => resolve(false));
    if (bytes === 0) {
      // The request is sent, and nobody stays to hear of it.
      const leave = (): void => {
        resolve(true);
        socket.destroySoon();
      };
      if (socket.connecting) socket.once("connect", leave);
      else leave();
      return;
    }
    socket.on("data", (data: Buffer) => {
      taken += data.length;
      if (taken < bytes) return;
      resolve(taken > bytes);
      socket.destroy();
    });
  });
}

async function cutSocket(port: number, lease: string, message: Buffer, bytes: number): Promise<boolean> {
  let raw: Socket | undefined;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws?lease=${lease}`, "sameseed.v1", {
    createConnection: () => (raw = connect(port, "127.0.0.1")),
  });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("message", resolve));
  socket.send(message);
  return await cutAt(raw!, bytes);
}

async function askSocket(port: number, lease: string, message: Buffer): Promise<Buffer> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws?lease=${lease}`, "sameseed.v1");
  await new Promise((resolve) => socket.once("message", resolve));
  socket.send(message);
  const answer = await new Promise<Buffer>((resolve) => socket.once("message", resolve));
  socket.terminate();
  return answer;
}
