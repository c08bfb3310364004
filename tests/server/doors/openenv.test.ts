import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";

import { OpenEnvEpisodes } from "../../../src/server/doors/openenv/openenv-episodes.ts";
import { serve, type Served } from "./served.ts";

// eslint-disable-next-line typescript/no-explicit-any
type Any = any;

let server: Served;
beforeAll(async () => {
  server = await serve({ maxSandboxes: 4 });
});
afterAll(async () => await server[Symbol.asyncDispose]());

/** A client as small as the protocol: it sends one message, and waits for one. */
class Client {
  readonly socket: WebSocket;
  readonly #waiting: ((message: Any) => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.#waiting.shift()?.(JSON.parse(data.toString())));
  }

  static async open(path: string, address: string = server.address): Promise<Client> {
    const socket = new WebSocket(`${address.replace("http", "ws")}${path}`);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return new Client(socket);
  }

  async next(): Promise<Any> {
    return await new Promise<Any>((resolve) => this.#waiting.push(resolve));
  }

  async send(message: unknown): Promise<Any> {
    const answered = this.next();
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
    return await answered;
  }

  async ask(type: string, data?: unknown): Promise<Any> {
    return await this.send({ type, data });
  }

  close(): void {
    this.socket.close();
  }
}

describe("the WebSocket", () => {
  it("plays an episode: the seed is honoured, and both end flags are in the observation", async () => {
    const [one, other] = await Promise.all([Client.open("/ws"), Client.open("/openenv/CartPole-v1/ws")]);
    const first = await one.ask("reset", { seed: 7 });
    expect(first).toEqual({
      type: "observation",
      data: {
        observation: {
          observation: expect.any(Array) as number[],
          info: {},
          legal_actions: null,
          terminated: false,
          truncated: false,
        },
        reward: null,
        done: false,
      },
    });
    expect(await other.ask("reset", { seed: 7, episode_id: "mine" })).toEqual(first);
    const play = async (client: Client): Promise<Any[]> => {
      const steps = [];
      for (let at = 0; at < 50; at++) {
        const told = await client.ask("step", { action: 1 });
        steps.push(told);
        if (told.data.done === true) break;
      }
      return steps;
    };
    const [steps, others] = await Promise.all([play(one), play(other)]);
    expect(others).toEqual(steps);
    expect(steps.at(-1).data).toMatchObject({
      reward: 1,
      done: true,
      observation: { terminated: true, truncated: false },
    });
    expect(await other.ask("state")).toEqual({
      type: "state",
      data: { episode_id: "mine", step_count: steps.length, seed: 7 },
    });
    expect((await one.ask("step", { action: 0 })).data.code).toBe("EXECUTION_ERROR");
    // The next reset is a fresh sandbox, and begins as the first did.
    expect(await one.ask("reset", { seed: 7 })).toEqual(first);
    one.close();
    other.close();
  });

  it("takes options of the environment with a reset, and its name", async () => {
    const client = await Client.open("/ws");
    const short = await client.ask("reset", { seed: 1, maxSteps: 1 });
    expect(short.type).toBe("observation");
    expect((await client.ask("step", { action: 0 })).data).toMatchObject({
      done: true,
      observation: { terminated: false, truncated: true },
    });
    const lake = await client.ask("reset", { env: "FrozenLake-v1", envArgs: { is_slippery: false } });
    expect(lake.data.observation.observation).toBe(0);
    expect((await client.ask("step", { action: 2 })).data.observation.observation).toBe(1);
    client.close();
  });

  it("answers what is wrong with the protocol's codes, and goes on", async () => {
    const client = await Client.open("/ws");
    const code = async (message: unknown): Promise<string> =>
      (await client.send(message)).data.code as string;
    expect(await code("{")).toBe("INVALID_JSON");
    expect(await code({ type: "leap", data: {} })).toBe("UNKNOWN_TYPE");
    expect(await code({ data: {} })).toBe("VALIDATION_ERROR");
    expect(await code({ type: "step", data: { action: 0 } })).toBe("EXECUTION_ERROR");
    expect(await code({ type: "reset", data: { seed: -1 } })).toBe("VALIDATION_ERROR");
    expect(await code({ type: "reset", data: { env: "/etc/x.py:Y" } })).toBe("VALIDATION_ERROR");
    expect(await code({ type: "reset", data: { image: "no-such-image" } })).toBe("FACTORY_ERROR");
    expect((await client.ask("reset", { seed: 0 })).type).toBe("observation");
    expect(await code({ type: "step", data: {} })).toBe("VALIDATION_ERROR");
    expect((await client.ask("step", { action: 0 })).data.done).toBe(false);
    client.close();
  });

  it("gives room back when a client goes, and says so where there is none", async () => {
    await using small = await serve({ maxSandboxes: 1, maxQueue: 0 });
    const first = await Client.open("/ws", small.address);
    const second = await Client.open("/ws", small.address);
    expect((await first.ask("reset", { seed: 0 })).type).toBe("observation");
    expect((await second.ask("reset", { seed: 0 })).data.code).toBe("CAPACITY_REACHED");
    first.socket.terminate();
    let told: Any;
    for (let tries = 0; tries < 100 && told?.type !== "observation"; tries++) {
      told = await second.ask("reset", { seed: 0 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(told.type).toBe("observation");
    second.close();
  });

  it("offers the environment as a tool", async () => {
    const client = await Client.open("/ws");
    await client.ask("reset", { seed: 3 });
    const list = await client.ask("mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" });
    expect(list.data.result.tools[0].name).toBe("step");
    const call = await client.ask("mcp", {
      jsonrpc: "2.0",
      id: "b",
      method: "tools/call",
      params: { name: "step", arguments: { action: 1 } },
    });
    expect(call).toMatchObject({
      type: "mcp",
      data: { id: "b", result: { data: { reward: 1, done: false } } },
    });
    client.close();
  });
});

describe("a connection that cannot be served", () => {
  const closeOf = async ({ socket }: Client): Promise<number> =>
    await new Promise((resolve) => socket.once("close", resolve));

  it("is closed where its path is not well encoded", async () => {
    for (const name of ["%", "%ff", "a%E0%A4"])
      expect(await closeOf(await Client.open(`/openenv/${name}/ws`))).toBe(1008);
  });

  it("ends no other where its own end fails", async () => {
    const log: string[] = [];
    await using own = await serve({ onLog: (line) => log.push(line) });
    const [failing, other] = [await Client.open("/ws", own.address), await Client.open("/ws", own.address)];
    vi.spyOn(OpenEnvEpisodes.prototype, "end").mockRejectedValueOnce(new Error("the end failed"));
    failing.close();
    await expect.poll(() => log.some((line) => line.includes("the end failed"))).toBe(true);
    expect((await other.ask("state")).type).toBe("state");
    other.close();
  });

  it("is told of JSON that is nested deeper than a stack, and goes on", async () => {
    const client = await Client.open("/ws");
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
    const told = await client.send(`{"type":"reset","data":{"x":${deep}}}`);
    expect([told.type, told.data.code]).toEqual(["error", "INVALID_JSON"]);
    expect((await client.ask("state")).type).toBe("state");
    client.close();
  });
});

describe("HTTP", () => {
  it.each(["", "/openenv/CartPole-v1"])(
    "answers what is asked before an episode, below '%s'",
    async (base) => {
      const get = async (path: string): Promise<Any> =>
        await (await fetch(`${server.address}${base}${path}`)).json();
      expect(await get("/health")).toEqual({ status: "healthy" });
      expect(await get("/metadata")).toMatchObject({
        name: "CartPole-v1",
        description: expect.any(String) as string,
      });
      const schema = await get("/schema");
      expect(schema.action.properties).toEqual({ action: { type: "integer", minimum: 0, maximum: 1 } });
      // verifiers takes an action of one of these titles for one of tools, and asks for them before it resets.
      expect(["Action", "CallToolAction", "ListToolsAction"]).not.toContain(schema.action.title);
      expect(schema.observation.properties.observation).toEqual({
        type: "array",
        items: { type: "number" },
        minItems: 4,
        maxItems: 4,
      });
      expect(schema.state.properties).toHaveProperty("step_count");
      expect((await get("/openapi.json")).info.version).toBeTypeOf("string");
      const { status, body } = await server.post(`${base}/mcp`, {});
      expect([status, body.jsonrpc, body.error.code]).toEqual([200, "2.0", -32600]);
    },
  );
});

describe("requests without a connection", () => {
  const rpc = async (method: string, params: unknown): Promise<Any> =>
    (await server.post("/openenv/CartPole-v1/mcp", { jsonrpc: "2.0", id: 1, method, params })).body;
  const call = async (action: number, session_id?: string): Promise<Any> =>
    await rpc("tools/call", { name: "step", arguments: { action }, ...(session_id && { session_id }) });

  it("begin an environment each, which the seed decides alone", async () => {
    const client = await Client.open("/ws");
    const { data } = await client.ask("reset", { seed: 9 });
    const stepped = (await client.ask("step", { action: 1 })).data;
    for (const base of ["", "/openenv/CartPole-v1"]) {
      expect((await server.post(`${base}/reset`, { seed: 9 })).body).toEqual(data);
      const body = { seed: 9, action: { action: 1 }, timeout_s: 5, request_id: "r" };
      expect((await server.post(`${base}/step`, body)).body).toEqual(stepped);
      const state = await (await fetch(`${server.address}${base}/state`)).json();
      expect(state).toEqual({ episode_id: null, step_count: 0, seed: null });
    }
    expect((await server.post("/step", { seed: 9 })).status).toBe(422);
    expect((await server.post("/reset", { seed: -1 })).status).toBe(422);
    expect((await server.post("/reset", { env: "/etc/x.py:Y" })).status).toBe(422);
    expect((await server.post("/openenv/Nothing-v0/reset", {})).status).toBe(404);
    client.close();
  });

  it("name a session, which goes on from call to call, and which a connection may join", async () => {
    const id = (await rpc("openenv/session/create", { seed: 9 })).result.session_id as string;
    const told = [await call(1, id), await call(0, id)].map(({ result }) => result.data);
    const client = await Client.open("/ws");
    await client.ask("reset", { seed: 9 });
    expect(told).toEqual([
      (await client.ask("step", { action: 1 })).data,
      (await client.ask("step", { action: 0 })).data,
    ]);
    client.close();
    const joined = await Client.open(`/openenv/CartPole-v1/ws?session_id=${id}`);
    expect((await joined.ask("state")).data).toMatchObject({ step_count: 2, seed: 9 });
    expect((await rpc("openenv/session/close", { session_id: id })).result).toMatchObject({ closing: true });
    const second = new Client(new WebSocket(`${server.address.replace("http", "ws")}/ws?session_id=${id}`));
    expect((await second.next()).data.code).toBe("SESSION_ERROR");
    joined.close();
    await expect
      .poll(async () => (await rpc("openenv/session/close", { session_id: id })).result?.closed)
      .toBe(true);
    expect((await call(1, id)).error).toMatchObject({ code: -32_602, message: `Unknown session_id: ${id}` });
    expect((await call(1)).error.code).toBe(-32_000);
    expect((await rpc("openenv/session/close", { session_id: id })).error.code).toBe(-32_602);
    expect((await rpc("openenv/session/create", { seed: -1 })).error.code).toBe(-32_000);
    const { slots } = (await (await fetch(`${server.address}/readyz`)).json()) as { slots: { used: number } };
    expect(slots.used).toBe(0);
  });
});
