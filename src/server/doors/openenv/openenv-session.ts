/*
 * Theory of operation. A connection has one environment at a time; each reset is a fresh sandbox, and the one before is over.
 * Messages are answered in their order. A connection that does not answer pings is ended, and what it had with it.
 */
import type { WebSocket } from "ws";
import * as z from "zod";

import { isSameseedError, toError } from "../../../base/error.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";
import type { ServerContext } from "../../context.ts";
import { parseJsonText } from "../../http/parse-json.ts";
import { asServerError } from "../../http/reply.ts";
import type { SocketBytes } from "../../http/socket-bytes.ts";
import type { OpenEnvEpisodes } from "./openenv-episodes.ts";
import { answerTools, type ToolsCaller } from "./openenv-tools.ts";

const pingMs = 15_000;
/** The most messages that may be unanswered: clients send one and wait. */
const unansweredMost = 64;
/** Above so many bytes of unanswered messages, or of answers that are not taken, nothing more is read. */
const waitingBytesMost = 1024 * 1024;
const unsentBytesMost = 32 * 1024 * 1024;

// What was read as JSON need not be looked through once more: there may be thousands of steps in a second.
const messageSchema = z.object({
  type: z.string(),
  data: z.record(z.string(), z.unknown()).optional(),
}) as z.ZodType<{ readonly type: string; readonly data?: JsonObject }>;
type Code =
  | "INVALID_JSON"
  | "UNKNOWN_TYPE"
  | "VALIDATION_ERROR"
  | "EXECUTION_ERROR"
  | "CAPACITY_REACHED"
  | "FACTORY_ERROR"
  | "SESSION_ERROR";

const codes: Readonly<Partial<Record<string, Code>>> = {
  bad_argument: "VALIDATION_ERROR",
  image_missing: "FACTORY_ERROR",
  server_full: "CAPACITY_REACHED",
  queue_timeout: "CAPACITY_REACHED",
  server_draining: "CAPACITY_REACHED",
};

/** One connection's environment. */
export class OpenEnvSession {
  readonly #context: ServerContext;
  readonly #socket: WebSocket;
  readonly #bytes: SocketBytes;
  readonly #episodes: OpenEnvEpisodes;
  #unanswered = 0;
  #unansweredBytes = 0;
  #isClosed = false;
  #turn: Promise<void> = Promise.resolve();

  /** @param episodes its environment; whoever made it ends it */
  constructor(context: ServerContext, socket: WebSocket, bytes: SocketBytes, episodes: OpenEnvEpisodes) {
    this.#context = context;
    this.#socket = socket;
    this.#bytes = bytes;
    this.#episodes = episodes;
  }

  /** Serves the connection. Resolves when it is closed, and nothing of it is under way. */
  async serve(): Promise<void> {
    const socket = this.#socket;
    const closed = Promise.withResolvers<void>();
    let isAlive = true;
    const ping = setInterval(() => {
      // While nothing is read because too much is unanswered, no sign of life can come. Who does not take its answers is asked.
      if (this.#isBusy && socket.isPaused) isAlive = true;
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
    }, pingMs);
    socket.on("pong", () => (isAlive = true));
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#take(isBinary ? "" : data.toString()));
    socket.on("close", () => closed.resolve());
    await closed.promise;
    clearInterval(ping);
    this.#isClosed = true;
    await this.#turn;
  }

  #take(text: string): void {
    if (++this.#unanswered > unansweredMost) return this.#socket.terminate();
    const release = this.#bytes.hold(text.length);
    if (release === undefined) return;
    this.#unansweredBytes += text.length;
    this.#readOrWait();
    this.#turn = this.#turn.then(async () => {
      try {
        if (!this.#isClosed) await this.#answer(text);
      } catch (error) {
        // Nobody awaits a turn, and a failure that nobody takes would end the server.
        this.#context.log.error("defect", { message: toError(error).stack ?? "" });
        this.#socket.terminate();
      } finally {
        release();
        this.#unanswered--;
        this.#unansweredBytes -= text.length;
        this.#readOrWait();
      }
    });
  }

  get #isBusy(): boolean {
    return this.#unansweredBytes > waitingBytesMost;
  }

  #readOrWait(): void {
    const socket = this.#socket;
    const isFull = this.#isBusy || socket.bufferedAmount > unsentBytesMost;
    if (isFull && !socket.isPaused) socket.pause();
    else if (!isFull && socket.isPaused) socket.resume();
  }

  async #answer(text: string): Promise<void> {
    let message: unknown;
    try {
      message = parseJsonText(text);
    } catch (error) {
      return this.#fail("INVALID_JSON", isSameseedError(error) ? error.message : "the message is not JSON");
    }
    try {
      const parsed = messageSchema.safeParse(message);
      if (!parsed.success) return this.#fail("VALIDATION_ERROR", "a message is {type, data?}");
      const { type, data = {} } = parsed.data;
      await this.#do(type, data);
    } catch (thrown) {
      if (!isSameseedError(thrown)) this.#context.log.error("defect", { message: String(thrown) });
      const error = asServerError(thrown);
      this.#fail(codes[error.code] ?? "EXECUTION_ERROR", error.message);
    }
  }

  async #do(type: string, data: JsonObject): Promise<void> {
    switch (type) {
      case "reset":
        return this.#send("observation", await this.#episodes.reset(data));
      case "step":
        return this.#send("observation", await this.#episodes.step(data));
      case "state":
        return this.#send("state", this.#episodes.state());
      case "mcp":
        return this.#send("mcp", await answerTools(data, this.#tools));
      case "close":
        return this.#socket.close(1000);
      default:
        return this.#fail("UNKNOWN_TYPE", `there is no message ${JSON.stringify(type.slice(0, 40))}`);
    }
  }

  /** A connection has its environment, and needs no session. */
  readonly #tools: ToolsCaller = {
    step: async (action) => await this.#episodes.step({ action }),
    create: async () => await Promise.resolve(undefined),
    close: async () => await Promise.resolve(undefined),
  };

  #fail(code: Code, message: string): void {
    this.#send("error", { message, code });
  }

  #send(type: string, data: JsonValue): void {
    this.#bytes.send(JSON.stringify({ type, data }), () => this.#readOrWait());
  }
}
