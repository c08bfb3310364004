import { chmodSync } from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import { Hono } from "hono";
import { routePath } from "hono/route";

import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import type { JsonObject } from "../model/json.ts";
import { makeRooms } from "./byte-room.ts";
import type { ServerContext } from "./context.ts";
import type { Door } from "./door.ts";
import { doors } from "./doors.ts";
import { addHealth } from "./health.ts";
import { type DescribedRoute, DoorRoutes } from "./http/door-routes.ts";
import { Guard } from "./http/guard.ts";
import { openApiOfDoors } from "./http/openapi.ts";
import { asServerError, errorReply, type Reply, replySize, toResponse } from "./http/reply.ts";
import { notSpoken, refuseUnread } from "./http/refuse-socket.ts";
import { removeStaleSocket } from "./http/stale-socket.ts";
import { SocketGate } from "./http/socket-gate.ts";
import { Leases } from "./leases.ts";
import { ServerLog } from "./log.ts";
import { ServerMetrics } from "./metrics.ts";
import { Sandboxes } from "./native/sandboxes.ts";
import { OnceTable } from "./once.ts";
import { completeServerOptions, type ServerOptions } from "./server-options.ts";
import { Slots } from "./slots.ts";
import { Spool } from "./spool.ts";

/** The most bytes of a request's head. */
const headBytes = 16 * 1024;
const connectionsMost = 4096;
const documentHead = { headers: { "content-type": "application/json" } };

/**
 * A server of everything that Sameseed can do.
 *
 * ```ts
 * const server = createServer({ listen: "127.0.0.1:0" });
 * await server.start();
 * console.log(server.address);
 * await server.close();
 * ```
 * @throws `bad_argument`
 */
export function createServer(options: ServerOptions = {}): SameseedServer {
  return new SameseedServer(options);
}

/** Made by {@link createServer}. */
export class SameseedServer implements AsyncDisposable {
  readonly context: ServerContext;
  readonly #doors: readonly Door[];
  #own: readonly DescribedRoute[] = [];
  readonly #http: Server;
  readonly #sockets: SocketGate;
  readonly #ending: AbortController = new AbortController();
  readonly #underWay: Set<ServerResponse> = new Set();
  #closed: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const complete = completeServerOptions(options);
    const slots = new Slots(complete.maxSandboxes, complete.maxQueue);
    const leases = new Leases();
    const metrics = new ServerMetrics({ slots, leases });
    const spool = new Spool(complete.spool);
    const rooms = makeRooms();
    this.context = {
      options: complete,
      slots,
      leases,
      sandboxes: new Sandboxes({ options: complete, slots, leases, metrics, spool, inputs: rooms.inputs }),
      spool,
      ...rooms,
      once: new OnceTable<Reply>(replySize),
      log: new ServerLog(complete.onLog),
      metrics,
      signal: this.#ending.signal,
    };
    this.#doors = doors.map((make) => make(this.context));
    const guard = new Guard(
      complete,
      this.#doors.flatMap(({ allowsHost }) => allowsHost ?? []),
    );
    this.#sockets = new SocketGate(
      this.context,
      guard,
      this.#doors.flatMap(({ sockets }) => sockets ?? []),
    );
    this.#http = this.#makeHttp(guard);
  }

  /** Where it can be reached: `http://HOST:PORT`, or `unix:PATH`. */
  get address(): string {
    const { listen } = this.context.options;
    if (listen.kind === "unix") return `unix:${listen.path}`;
    const bound = this.#http.address();
    const port = bound !== null && typeof bound === "object" ? bound.port : listen.port;
    return `http://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${port}`;
  }

  /** Begins to listen. @throws `io_failed` where the address cannot be had */
  async start(): Promise<void> {
    const { listen } = this.context.options;
    this.context.spool.sweep((error) =>
      this.context.log.warn("spool not swept", { message: toError(error).message }),
    );
    if (listen.kind === "unix") await removeStaleSocket(listen.path);
    const started = Promise.withResolvers<void>();
    this.#http.once("error", started.reject);
    if (listen.kind === "unix") this.#http.listen(listen.path, started.resolve);
    else this.#http.listen(listen.port, listen.host, started.resolve);
    try {
      await started.promise;
    } catch (error) {
      throw cannotListen(this.address, error);
    }
    this.#http.removeListener("error", started.reject);
    if (listen.kind === "unix") chmodSync(listen.path, 0o600);
    this.context.log.info("listening", { address: this.address });
  }

  /**
   * Begins nothing more, waits until what is open has ended, or `drainMs` are over, and closes.
   * @param signal closes at once when it fires
   */
  async drain(signal?: AbortSignal): Promise<void> {
    const { slots, leases, log, options } = this.context;
    slots.drain();
    log.info("draining", { leases: leases.size, slots: slots.used });
    await waitWhile(() => slots.used > 0 && signal?.aborted !== true, options.drainMs);
    await this.close();
  }

  /**
   * Ends everything that was opened through it, and resolves when nothing of it is left. May be called repeatedly. The warm
   * interpreters are this process's: `closeSandboxes` ends them.
   */
  async close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeAll(): Promise<void> {
    const { slots, leases, log } = this.context;
    slots.drain();
    const isListening = this.#http.listening;
    const stopped = Promise.withResolvers<void>();
    this.#http.close(() => stopped.resolve());
    this.#ending.abort();
    this.#sockets.close();
    await leases.end();
    for (const door of this.#doors) await door.close?.();
    // What was being opened is closed by whoever opened it: its lease ended.
    await waitWhile(() => slots.used > 0, 10_000);
    // Answers that were made are sent; whoever does not take them is not waited for.
    await waitWhile(() => this.#underWay.size > 0, 1000);
    this.#http.closeAllConnections();
    if (isListening) await stopped.promise;
    log.info("closed");
  }

  /** The OpenAPI document of all its routes. */
  openApi(): JsonObject {
    return openApiOfDoors(this.#doors, this.#own);
  }

  #makeHttp(guard: Guard): Server {
    const { options, metrics, log } = this.context;
    const app = this.#makeApp();
    const listener = getRequestListener(app.fetch, {
      overrideGlobalObjects: false,
      // The app answers its own errors: what comes here is a request whose address is none.
      errorHandler: (thrown) => {
        const isAddress = thrown instanceof RequestError;
        if (!isAddress) log.error("defect", { message: toError(thrown).stack ?? "" });
        return toResponse(errorReply(isAddress ? notSpoken(thrown.message) : asServerError(thrown)));
      },
    });
    const server = createHttpServer(
      {
        maxHeaderSize: headBytes,
        requestTimeout: options.requestMs,
        headersTimeout: Math.ceil(options.requestMs / 6),
        connectionsCheckingInterval: Math.min(1000, options.requestMs / 6),
        keepAliveTimeout: 75_000,
        // The guard refuses a request without one, in the form that all errors have.
        requireHostHeader: false,
        keepAlive: true,
        keepAliveInitialDelay: options.silentMs,
      },
      (request: IncomingMessage, response: ServerResponse) => {
        this.#underWay.add(response);
        response.once("close", () => this.#underWay.delete(response));
        try {
          guard.check(pathOf(request), request.headers);
        } catch (error) {
          refuse(response, errorReply(asServerError(error)));
          metrics.refused(asServerError(error).code);
          return;
        }
        listener(request, response).catch((error: unknown) => {
          log.error("defect", { message: toError(error).stack ?? "" });
          response.destroy();
        });
      },
    );
    server.maxConnections = connectionsMost;
    server.on("upgrade", (request, socket, head) => this.#sockets.upgrade(request, socket, head));
    server.on("clientError", (error, socket) => refuseUnread(error, socket, this.#isAnswering(socket)));
    server.on("drop", () => log.warn("connection dropped", { most: connectionsMost }));
    return server;
  }

  #isAnswering(socket: Duplex): boolean {
    return [...this.#underWay].some((response) => response.socket === socket && response.headersSent);
  }

  #makeApp(): Hono {
    const { metrics, log } = this.context;
    const app = new Hono();
    app.onError((thrown) => {
      const error = asServerError(thrown);
      metrics.refused(error.code);
      if (error.code === "internal") log.error("defect", { message: toError(error.cause).stack ?? "" });
      return toResponse(errorReply(error));
    });
    app.notFound(({ req }) => toResponse(errorReply(nowhere(req.method, req.path))));
    app.use(async (c, next) => {
      const since = performance.now();
      try {
        await next();
      } finally {
        this.context.bodies.release(c.req.raw);
      }
      // HEAD is answered by what answers GET, without its body: a stream that nobody takes would hold what it reads for ever.
      if (c.req.method === "HEAD") await c.res.body?.cancel();
      metrics.request(c.req.method, routePath(c, -1), c.res.status, performance.now() - since);
    });
    const own = new DoorRoutes(app, "server");
    addHealth(own, this.context);
    own.get("/openapi.json", "Show this document", () => new Response(document, documentHead));
    this.#own = own.described;
    const document = JSON.stringify(this.openApi());
    for (const door of this.#doors) app.route("/", door.app);
    return app;
  }
}

/** Waits for as long as something holds, and no longer than so many ms. */
async function waitWhile(holds: () => boolean, mostMs: number): Promise<void> {
  const until = performance.now() + mostMs;
  while (holds() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

function refuse(response: ServerResponse, { status, body, headers }: Reply): void {
  // What of the request still comes is not read.
  response.writeHead(status, { "content-type": "application/json", connection: "close", ...headers });
  response.end(body);
}

function nowhere(method: string, path: string): SameseedError {
  return new SameseedError("not_found", `there is no ${method} ${path.slice(0, 200)}`, {
    hint: "/openapi.json lists every address",
  });
}

function cannotListen(address: string, error: unknown): SameseedError {
  const isTaken = systemErrorCode(error) === "EADDRINUSE";
  return new SameseedError("io_failed", `cannot listen at ${address}: ${toError(error).message}`, {
    hint: isTaken
      ? "another server listens there: stop it, or choose another port"
      : "choose another address",
    cause: error,
  });
}
