import { AgentClient, agentErrorSchema, parseAgentJson } from "../../src/sandbox/agent/agent-client.ts";
import { AgentMessageReader, encodeAgentMessage } from "../../src/sandbox/agent/wire.ts";
import { MessageReader } from "../../src/sandbox/zygote/message-reader.ts";
import { decodeExit, encodeHeader, encodeMessage, messages } from "../../src/sandbox/zygote/wire.ts";
import { cutAnywhere, mustHold, parseWith, type FuzzTarget } from "./fuzz-target.ts";

/* What slots and agents send. A slot is our own C and trusted; an agent shares its sandbox with the programs it runs. */

const exit = Buffer.alloc(48);
exit.writeBigUInt64LE(1234n, 32);
const slotMessages = [
  encodeMessage(messages.born),
  Buffer.concat([encodeHeader(messages.output, 5), Buffer.from("hello")]),
  encodeMessage(messages.exit, exit),
  encodeMessage(messages.error, Buffer.from("clone3: Resource temporarily unavailable")),
];

const slot: FuzzTarget = {
  name: "slot messages",
  examples: [Buffer.concat(slotMessages), ...slotMessages],
  cost: 1,
  check: (bytes, numbers) => {
    const read = (chunks: readonly Buffer[]): Buffer => {
      const seen: Buffer[] = [];
      const reader = new MessageReader((type, channel, body) => {
        const header = encodeHeader(type, body.length);
        header.writeUInt8(channel, 5);
        seen.push(header, Buffer.from(body));
        if (type === messages.exit && body.length >= exit.length) decodeExit(body);
      });
      for (const chunk of chunks) reader.push(chunk);
      return Buffer.concat(seen);
    };
    const whole = read([bytes]);
    mustHold(whole.equals(read(cutAnywhere(bytes, numbers))), "the chunks decide what a slot said");
    mustHold(whole.length <= bytes.length, "more was read than was sent");
  },
};

const agentMessages = [
  encodeAgentMessage("started", 1),
  encodeAgentMessage("stdout", 1, Buffer.from("hello\n")),
  encodeAgentMessage("took", 1, { bytes: 6 }),
  encodeAgentMessage("exited", 1, { status: 0, user: 0.1, system: 0.1, rss: 1000, ms: 12.5 }),
  encodeAgentMessage("data", 2, Buffer.from("content")),
  encodeAgentMessage("done", 2),
  encodeAgentMessage("error", 3, { errno: "ENOENT", message: "no such file", about: "/tmp/x" }),
];

const agent: FuzzTarget = {
  name: "agent messages",
  examples: [Buffer.concat(agentMessages), ...agentMessages],
  cost: 2,
  check: (bytes, numbers) => {
    const read = (chunks: readonly Buffer[]): string[] => {
      const seen: string[] = [];
      const reader = new AgentMessageReader((name, id, payload) =>
        seen.push(`${name} ${id} ${payload.toString("hex")}`),
      );
      for (const chunk of chunks) reader.push(chunk);
      return seen;
    };
    const whole = parseWith(["protocol_broken"], () => read([bytes]));
    const parts = parseWith(["protocol_broken"], () => read(cutAnywhere(bytes, numbers)));
    mustHold(JSON.stringify(whole) === JSON.stringify(parts), "the chunks decide what an agent said");
    parseWith(["protocol_broken"], () => feedClient(bytes));
  },
};

/** Feeds a client that waits for three answers, and reads them as its callers do. */
function feedClient(bytes: Buffer): void {
  const client = new AgentClient(() => {});
  for (const name of ["run", "read", "remove"] as const) {
    const request = client.request(
      name,
      {},
      {
        onMessage: (answer, payload) => {
          if (answer === "error") parseAgentJson(agentErrorSchema, payload);
          if (answer === "done" || answer === "exited") request.finish();
        },
        onLost: () => {},
      },
    );
    void request.sendBytes("input", Buffer.alloc(10));
  }
  client.receive(bytes);
  client.lose();
}

/** Everything that comes from beside a sandbox's own programs. */
export const messageTargets: readonly FuzzTarget[] = [slot, agent];
