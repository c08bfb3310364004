import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { buffer } from "node:stream/consumers";

/** What happens to one request on its way. */
export type Fault =
  /** The server says that it is overloaded, without having done anything. */
  | "busy"
  /** There is no room. */
  | "full"
  /** The connection ends before the request arrives. */
  | "cut before"
  /** The request arrives, and the connection ends before its answer. */
  | "cut after"
  /** The connection ends amid the answer. */
  | "cut amid"
  /** The request arrives, and no answer ever comes. */
  | "stalled"
  /** The request waits a second and a half before it arrives. */
  | "slow"
  /** One bit of the answer is another. */
  | "flipped"
  /** The condition of the request is lost: the server is one that knows none. */
  | "unconditional"
  /** The range of the request is lost. */
  | "whole";

/** A way to a server on which things go wrong, as a test asks for it. */
export class FaultyWay implements AsyncDisposable {
  readonly requests: string[] = [];
  /** The most requests that were under way together. */
  most = 0;
  #now = 0;
  /** Asked for each request; the count begins at 1. */
  fault: (request: IncomingMessage, count: number) => Fault | undefined = () => undefined;
  readonly #server: Server;
  readonly #to: string;

  private constructor(to: string) {
    this.#to = to;
    this.#server = createServer((asked, response) => {
      this.most = Math.max(this.most, ++this.#now);
      response.once("close", () => this.#now--);
      this.#pass(asked, response).catch(() => response.destroy());
    });
  }

  /** @param host the address that it listens at */
  static async open(to: string, host = "127.0.0.1"): Promise<FaultyWay> {
    const way = new FaultyWay(to);
    way.#server.listen(0, host);
    await once(way.#server, "listening");
    return way;
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the way is closed");
    return `http://${address.address}:${address.port}`;
  }

  /** From now on only this happens, to the first so many requests of a method. */
  first(count: number, method: string, fault: Fault): void {
    let left = count;
    this.fault = (request) => (request.method === method && left-- > 0 ? fault : undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Hands a request on as it is, its `Host` included: it is signed. */
  async #ask(
    { method = "GET", url = "/" }: IncomingMessage,
    headers: OutgoingHttpHeaders,
    body: Buffer,
  ): Promise<IncomingMessage> {
    const asked = request(`${this.#to}${url}`, { method, headers, setHost: false });
    asked.end(body);
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return answer;
  }

  async #pass(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${asked.method} ${asked.url}`);
    const fault = this.fault(asked, this.requests.length);
    if (fault === "cut before") return void response.destroy();
    const body = await buffer(asked);
    if (fault === "slow") await sleep(1_500);
    if (fault === "busy" || fault === "full") return refuse(response, fault);
    const headers = { ...asked.headers };
    if (fault === "unconditional") delete headers["if-none-match"];
    if (fault === "whole") delete headers.range;
    const answer = await this.#ask(asked, headers, body);
    const bytes = await buffer(answer);
    if (fault === "cut after") return void response.destroy();
    if (fault === "stalled") return;
    if (fault === "flipped" && bytes.length > 0) bytes[bytes.length >> 1]! ^= 1;
    response.statusCode = answer.statusCode ?? 500;
    for (const [name, value] of Object.entries(answer.headers))
      if (!["connection", "transfer-encoding", "keep-alive"].includes(name) && value !== undefined)
        response.setHeader(name, value);
    if (fault !== "cut amid") return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  }
}

function refuse(response: ServerResponse, fault: "busy" | "full"): void {
  const [status, code] = fault === "busy" ? [503, "SlowDown"] : [403, "QuotaExceeded"];
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
