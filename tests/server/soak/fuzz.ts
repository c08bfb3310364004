/* Requests and messages that were right until bytes of them were turned, cut, doubled or put elsewhere; repeatable from their seed. */
import { connect } from "node:net";

import { encodePlain } from "../../../src/model/cbor/encode-plain.ts";
import { call } from "../served.ts";
import { doorRequests, messagesOf, type Message, requestBytes, type RequestParts } from "./fuzz-corpus.ts";

/** What came of them. */
export interface FuzzReport {
  readonly requests: number;
  readonly messages: number;
  /** How often each status came; `none` where the connection ended without one, `late` where it did not end. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What must not be: status 500, an error without a form, a connection that never ends. */
  readonly wrong: readonly string[];
}

/** How long an answer may take, in ms: what was asked for may be a program that runs for a second. */
const answerMs = 20_000;

/** Sends so many, a third of them messages of WebSockets. */
export async function fuzzServer(
  port: number,
  {
    count,
    seed,
    concurrency,
  }: { readonly count: number; readonly seed: number; readonly concurrency: number },
): Promise<FuzzReport> {
  const { sandbox } = (await call(port, "POST", "/v1/sandboxes", { body: {} })).json as { sandbox: string };
  const corpus = doorRequests(sandbox);
  const statuses: Record<string, number> = {};
  const wrong: string[] = [];
  let [requests, messages, next] = [0, 0, 0];
  const worker = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      const random = randomOf(seed * 1_000_003 + at);
      const isMessage = at % 3 === 2;
      const bytes = isMessage ? socketBytes(random) : mutatedRequest(pick(corpus, random), random);
      if (isMessage) messages++;
      else requests++;
      const status = await sent(port, bytes, isMessage);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === "500" || status === "late" || status === "formless")
        wrong.push(`${seed}/${at}: ${status} ${bytes.subarray(0, 300).toString("latin1")}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (!(await isEmptied(port))) wrong.push("something holds room that no sandbox has");
  return { requests, messages, statuses, wrong };
}

/** Closes what right requests opened, also for long. @returns whether no room is taken then */
async function isEmptied(port: number): Promise<boolean> {
  for (const until = performance.now() + 60_000; performance.now() < until;) {
    const open = (await call(port, "GET", "/v1/sandboxes")).json as { sandboxes: { sandbox: string }[] };
    for (const { sandbox } of open.sandboxes) await call(port, "DELETE", `/v1/sandboxes/${sandbox}`);
    const { slots } = (await call(port, "GET", "/readyz")).json as {
      slots: { used: number; waiting: number };
    };
    if (slots.used === 0 && slots.waiting === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

type Random = (below: number) => number;

/** Whole numbers below a bound, from a seed: mulberry32. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function pick<T>(all: readonly T[], random: Random): T {
  return all[random(all.length)]!;
}

const odd = [
  "\0",
  "\r\n",
  "\r\n\r\n",
  "-1",
  "1e999",
  "99999999999999999999",
  "null",
  "[[[[[[[[",
  '{"a":'.repeat(500),
  "%2e%2e%2f",
  "\ufffe\ud800",
  "Transfer-Encoding: chunked\r\n",
  "Content-Length: 7\r\n",
  "Host: evil.example\r\n",
  "Origin: http://evil.example\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: websocket\r\nConnection: Upgrade\r\n",
  "x".repeat(20_000),
].map((text) => Buffer.from(text, "utf8"));

/** Bytes after one to four changes. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let now = Buffer.from(bytes);
  for (let left = 1 + random(4); left > 0 && now.length > 0; left--) {
    const at = random(now.length);
    const end = Math.min(now.length, at + 1 + random(random(4) === 0 ? now.length : 12));
    const [head, part, tail] = [now.subarray(0, at), now.subarray(at, end), now.subarray(end)];
    const changes = [
      () => [head, Buffer.from([part[0]! ^ (1 << random(8))]), now.subarray(at + 1)],
      () => [head, tail],
      () => [head, part, part, tail],
      () => [head, pick(odd, random), now.subarray(at)],
      () => [head, Buffer.from(Array.from(part, () => random(256))), tail],
      () => [tail, head, part],
      () => [head],
    ];
    now = Buffer.concat(pick(changes, random)());
  }
  return now;
}

/** Most changes are of a body or a path whose request is right otherwise: they come further than a head that is none. */
function mutatedRequest(request: RequestParts, random: Random): Buffer {
  const where = random(10);
  if (where < 6 && request.body.length > 0)
    return requestBytes({ ...request, body: mutated(request.body, random) });
  if (where < 8)
    return requestBytes({ ...request, path: mutated(Buffer.from(request.path), random).toString("latin1") });
  return mutated(requestBytes(request), random);
}

/** A handshake, whole or not, and messages behind it. */
function socketBytes(random: Random): Buffer {
  const path = pick(
    ["/v1/ws", "/ws", "/openenv/CartPole-v1/ws", "/v1/ws?lease=x", "/openenv/%ff/ws"],
    random,
  );
  const protocol = path.startsWith("/v1") ? "Sec-WebSocket-Protocol: sameseed.v1\r\n" : "";
  const hello = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${protocol}\r\n`,
  );
  const all = messagesOf(path);
  const frames = Array.from({ length: 1 + random(4) }, () => frameOf(pick(all, random), random));
  return Buffer.concat([random(10) === 0 ? mutated(hello, random) : hello, ...frames]);
}

/** A client's frame, of which anything may be wrong. */
function frameOf(message: Message, random: Random): Buffer {
  const plain = typeof message === "string" ? Buffer.from(message) : Buffer.from(encodePlain(message));
  const payload = random(3) === 0 ? plain : mutated(plain, random).subarray(0, 60_000);
  const kind = random(8) === 0 ? random(256) : typeof message === "string" ? 0x81 : 0x82;
  const head =
    payload.length < 126
      ? Buffer.from([kind, 0x80 | payload.length])
      : Buffer.from([kind, 0xfe, payload.length >> 8, payload.length & 0xff]);
  const mask = Buffer.from([random(256), random(256), random(256), random(256)]);
  const frame = Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at % 4]!)]);
  return random(6) === 0 ? mutated(frame, random) : frame;
}

/** Sends bytes, ends its half, and waits for the other's end. */
async function sent(port: number, bytes: Buffer, isMessage: boolean): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const parts: Buffer[] = [];
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      socket.destroy();
    }, answerMs);
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(isLate ? "late" : statusOf(Buffer.concat(parts).toString("latin1")));
    });
    // A WebSocket stays open when its client's half ends; what was sent is looked at before.
    if (isMessage) socket.write(bytes, () => setTimeout(() => socket.destroy(), 2 + (bytes.length % 20)));
    else socket.end(bytes);
  });
}

function statusOf(text: string): string {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
  if (status === undefined) return text === "" ? "none" : "formless";
  const body = text.split("\r\n\r\n").slice(1).join("\r\n\r\n");
  const isRefusal = status >= "400" && body.length > 0;
  return isRefusal && !/"(?:error|detail|code|message|status|accuracy)"/.test(body) ? "formless" : status;
}
