/*
 * Run in a network of its own: a client asks for something that takes long, and is gone without a word, because nothing arrives any
 * more. Writes how long the server took it to be there, in ms.
 */
import { execFileSync } from "node:child_process";
import { connect } from "node:net";

import { createServer } from "../../src/server/server.ts";

/** Nothing arrives any more, or everything does again. */
const silence = (how: "-A" | "-D"): void =>
  void execFileSync("iptables", [how, "INPUT", "-p", "tcp", "-j", "DROP"]);

execFileSync("ip", ["link", "set", "lo", "up"]);
const server = createServer({ listen: "127.0.0.1:0", silentMs: 1000, runs: process.argv[2]! });
await server.start();
const { slots } = server.context;
// No room: who asks for some waits.
const release = await slots.acquire(slots.total, { queueMs: 0 });
const client = connect(Number(new URL(server.address).port), "127.0.0.1");
const body = JSON.stringify({ code: "pass" });
client.write(
  `POST /run_code HTTP/1.1\r\nHost: localhost\r\nSameseed-Queue-Ms: 300000\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);
while (slots.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 10));
silence("-A");
const since = performance.now();
while (slots.waiting > 0 && performance.now() - since < 60_000)
  await new Promise((resolve) => setTimeout(resolve, 50));
process.stdout.write(String(Math.round(performance.now() - since)));
silence("-D");
client.destroy();
release();
await server.close();
