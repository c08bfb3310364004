import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { isSameseedError, SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { Guard } from "../server/http/guard.ts";
import type { LibraryDocument } from "./documents.ts";
import { Library } from "./library.ts";
import { OpenRuns, stampOf } from "./open-runs.ts";
import { servedPage, servedPolicy, viewerAssets } from "./page.ts";
import { isOwnPeer } from "./peer-user.ts";
import { decodedName, readViewDocument } from "./read-document.ts";
import { requestBytesMost, ViewActions } from "./view-actions.ts";

/** What is served, and where. */
export interface ViewOptions {
  readonly folders: readonly string[];
  /** 0 for any that is free. */
  readonly port: number;
  /** Whether its page may have branches, pictures and games run. @default false */
  readonly allowRun?: boolean;
}

const actionPath = "/api/do/";

/** How often a recording that is being written is looked at. */
const lookEveryMs = 500;

/** Serves recordings to this user's browser, on this machine alone. It only reads, unless it may run. */
export class ViewServer implements AsyncDisposable {
  readonly #runs: OpenRuns;
  readonly #guard = new Guard({ allowHosts: [], allowOrigins: [] });
  readonly #http: Server;
  readonly #files: ReadonlyMap<string, readonly [type: string, body: string]>;
  readonly #streams = new Set<ServerResponse>();
  /** Documents are read one after the other: a trajectory of a gigabyte is not read twice at a time. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #actions: ViewActions | undefined;

  private constructor({ folders, allowRun = false }: ViewOptions) {
    this.#runs = new OpenRuns(new Library(folders));
    this.#actions = allowRun ? new ViewActions(this.#runs.library, folders) : undefined;
    const { script, style } = viewerAssets();
    this.#files = new Map([
      ["/", ["text/html; charset=utf-8", servedPage]],
      ["/viewer.js", ["text/javascript; charset=utf-8", script]],
      ["/viewer.css", ["text/css; charset=utf-8", style]],
    ]);
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#http.on("connection", (socket) => {
      if (!isOwnPeer(socket)) socket.destroy();
    });
  }

  /**
   * Begins to listen.
   * @throws SameseedError `run_missing` where a folder is not there, `tool_missing`, `io_failed` where the port is taken
   */
  static async start(options: ViewOptions): Promise<ViewServer> {
    const server = new ViewServer(options);
    const started = Promise.withResolvers<void>();
    server.#http.once("error", started.reject);
    server.#http.listen(options.port, "127.0.0.1", started.resolve);
    try {
      await started.promise;
    } catch (error) {
      throw new SameseedError(
        "io_failed",
        `port ${options.port} cannot be listened to: ${toError(error).message}`,
        {
          hint:
            systemErrorCode(error) === "EADDRINUSE"
              ? "choose another with --port, or 0 for any"
              : "choose another with --port",
          cause: error,
        },
      );
    }
    return server;
  }

  /** Where it can be opened. */
  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream.end();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
    await this.#actions?.[Symbol.asyncDispose]();
    this.#runs[Symbol.dispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("Content-Security-Policy", servedPolicy);
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Cache-Control", "no-store");
    try {
      const path = pathOf(request);
      this.#guard.check(path, request.headers);
      const action = path.startsWith(actionPath) ? path.slice(actionPath.length) : undefined;
      if (request.method === "POST" && action !== undefined && this.#actions !== undefined) {
        this.#actions.check(request.headers);
        const done = await this.#actions.run(action, await bodyOf(request));
        send(response, 200, "application/json", JSON.stringify(done));
        return;
      }
      if (request.method !== "GET" && request.method !== "HEAD") {
        refuseMethod(response);
        return;
      }
      const file = this.#files.get(path);
      if (file !== undefined) send(response, 200, ...file);
      else if (path.startsWith("/api/live/"))
        this.#follow(decodedName(path.slice("/api/live/".length)), request, response);
      else if (path.startsWith("/api/"))
        send(response, 200, "application/json", await this.#read(path.slice("/api/".length)));
      else throw new SameseedError("run_missing", "there is nothing at this address");
    } catch (error) {
      const failure = isSameseedError(error)
        ? error
        : new SameseedError("internal", toError(error).message, { cause: error });
      if (response.headersSent) response.end();
      else
        send(
          response,
          failure.kind.httpStatus,
          "application/json",
          JSON.stringify({ error: failure.toJSON() }),
        );
    }
  }

  get #page(): Pick<LibraryDocument, "served" | "token"> {
    return this.#actions === undefined ? { served: true } : { served: true, token: this.#actions.token };
  }

  async #read(path: string): Promise<string> {
    const reading = this.#last.then(async () =>
      JSON.stringify(await readViewDocument(this.#runs, path, this.#page)),
    );
    this.#last = reading.catch(() => {});
    return await reading;
  }

  /** Tells of each change of a recording, while somebody listens. */
  #follow(id: string, request: IncomingMessage, response: ServerResponse): void {
    const { library } = this.#runs;
    const { dir } = library.find(id);
    // Of a matchup its two runs grow, of a league its matchups.
    const parts = library.list().filter(({ part }) => part === id);
    const stampNow = (): string => [dir, ...parts.map((own) => own.dir)].map(stampOf).join("\n");
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(": following\n\n");
    let stamp = stampNow();
    const timer = setInterval(() => {
      let now = stamp;
      try {
        now = stampNow();
      } catch {
        // A folder that is just being made anew is looked at again.
      }
      if (now === stamp) return;
      stamp = now;
      response.write("event: changed\ndata: {}\n\n");
    }, lookEveryMs);
    this.#streams.add(response);
    request.on("close", () => {
      clearInterval(timer);
      this.#streams.delete(response);
    });
  }
}

function refuseMethod(response: ServerResponse): void {
  response.setHeader("Allow", "GET, HEAD");
  const error = {
    code: "bad_argument",
    message: "this server only reads",
    hint: "`sameseed view --allow-run` lets its page run branches and games",
  };
  send(response, 405, "application/json", JSON.stringify({ error }));
}

function pathOf({ url = "/" }: IncomingMessage): string {
  // What begins with two slashes would name a host.
  const whole = url.startsWith("/") ? `http://127.0.0.1${url}` : url;
  if (!URL.canParse(whole)) throw new SameseedError("run_missing", "there is nothing at this address");
  return new URL(whole).pathname;
}

/** @throws SameseedError `too_large` */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > requestBytesMost)
      throw new SameseedError("too_large", `a request has at most ${requestBytesMost} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
