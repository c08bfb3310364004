import type { IncomingMessage } from "node:http";
import type { Hono } from "hono";
import type { WebSocket } from "ws";

import type { ServerContext } from "./context.ts";
import type { DescribedRoute } from "./http/door-routes.ts";
import type { Route } from "./http/route.ts";
import type { SocketBytes } from "./http/socket-bytes.ts";

/** What a request is answered with beside Hono's own: the node request, for WebSockets and addresses. */
export interface SocketRequest {
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  /** What the connection makes the server hold: messages are held by it, answers sent through it. */
  readonly bytes: SocketBytes;
}

/** Where a door takes WebSocket connections. */
export interface SocketRoute {
  /** The exact path. */
  readonly path: string;
  /** Further paths, where they have parameters. */
  readonly matches?: (path: string) => boolean;
  /** The subprotocol that a client may name. @default none is answered */
  readonly protocol?: string;
  /** The most bytes of one message. @default 16 MiB */
  readonly messageBytes?: number;
  /** Takes over a connection that was let in. */
  readonly connect: (socket: WebSocket, request: SocketRequest) => void;
}

/**
 * One protocol, in a folder of its own: `src/server/doors/<name>/`. Guards (token, host, origin, limits), log and figures
 * are the server's, before a door sees anything; an error that a handler throws is answered in the shape of
 * `errorReply` unless the door's app has an `onError` of its own.
 */
export interface Door {
  readonly name: string;
  /** Mounted at the server's root: its paths are whole. */
  readonly app: Hono;
  /** Its routes, where they are of the native API. */
  readonly routes?: readonly Route[];
  /** What is said of its other routes. */
  readonly described?: readonly DescribedRoute[];
  readonly sockets?: readonly SocketRoute[];
  /** Further values of the `Host` header that its clients send, such as `<sandbox>.local`. */
  readonly allowsHost?: (host: string) => boolean;
  /** Called when the server ends, after all leases have. */
  readonly close?: () => Promise<void>;
}

/** What a door's folder exports. */
export type MakeDoor = (context: ServerContext) => Door;
