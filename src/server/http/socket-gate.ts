import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";

import { SameseedError } from "../../base/error.ts";
import type { ServerContext } from "../context.ts";
import type { SocketRoute } from "../door.ts";
import type { Guard } from "./guard.ts";
import { notSpoken, refuseSocket } from "./refuse-socket.ts";
import { asServerError } from "./reply.ts";
import { SocketBytes } from "./socket-bytes.ts";

const messageBytes = 16 * 1024 * 1024;

interface Gate {
  readonly route: SocketRoute;
  readonly server: WebSocketServer;
}

/** Lets WebSocket connections in, under the same guards as requests. */
export class SocketGate {
  readonly #context: ServerContext;
  readonly #guard: Guard;
  readonly #gates: ReadonlyMap<string, Gate>;

  constructor(context: ServerContext, guard: Guard, routes: readonly SocketRoute[]) {
    this.#context = context;
    this.#guard = guard;
    this.#gates = new Map(
      routes.map((route) => {
        const server = new WebSocketServer({
          noServer: true,
          clientTracking: true,
          maxPayload: route.messageBytes ?? messageBytes,
          perMessageDeflate: false,
          handleProtocols: (offered) =>
            route.protocol !== undefined && offered.has(route.protocol) ? route.protocol : false,
        });
        // A handshake that is none is refused as any request is.
        server.on("wsClientError", (error, socket) => refuseSocket(socket, notSpoken(error.message)));
        return [route.path, { route, server }];
      }),
    );
  }

  /** Answers a request for an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    try {
      const url = URL.parse(request.url ?? "/", "http://localhost");
      if (url === null) throw notSpoken("its target is no address");
      this.#guard.check(url.pathname, request.headers);
      const gate =
        this.#gates.get(url.pathname) ??
        [...this.#gates.values()].find(({ route }) => route.matches?.(url.pathname) === true);
      if (gate === undefined)
        throw new SameseedError("not_found", `there is no WebSocket at ${url.pathname}`);
      gate.server.handleUpgrade(request, socket, head, (connection) => {
        // Whoever breaks the protocol is closed by the library; that is no failure of the server.
        connection.on("error", () => {});
        const { metrics } = this.#context;
        metrics.opened("socket");
        const bytes = new SocketBytes(this.#context, connection, socket, () =>
          metrics.refused("server_full"),
        );
        gate.route.connect(connection, { url, headers: request.headers, bytes });
      });
    } catch (thrown) {
      const error = asServerError(thrown);
      this.#context.metrics.refused(error.code);
      refuseSocket(socket, error);
    }
  }

  /** Closes every connection: 1001, the server goes away. */
  close(): void {
    for (const { server } of this.#gates.values()) {
      for (const client of server.clients) {
        client.close(1001, "the server is being stopped");
        setTimeout(() => client.terminate(), 1000).unref();
      }
      server.close();
    }
  }
}
