import { readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as z from "zod";

import { SameseedError, toError } from "../base/error.ts";
import { homeFolder } from "../base/home.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";

/** How a server is made. Every option may be left out. */
export interface ServerOptions {
  /** `HOST:PORT`, or `unix:PATH`. An address that is not of this machine alone needs a token. @default "127.0.0.1:8900" */
  readonly listen?: string;
  /** A file whose text every request must bring as `Authorization: Bearer`. @default none */
  readonly tokenFile?: string;
  /** Sandboxes at the same time, over all clients. @default 16 for each processor, at most 256 */
  readonly maxSandboxes?: number;
  /** Requests that may wait for room at the same time. @default 1024 */
  readonly maxQueue?: number;
  /** How long a client without a heartbeat keeps what it opened, in ms, where it does not say. @default 30000 */
  readonly leaseMs?: number;
  /** How long open work may go on while the server is being stopped, in ms. @default 30000 */
  readonly drainMs?: number;
  /** How long a request may take to arrive, in ms; its headers a sixth of that. @default 60000 */
  readonly requestMs?: number;
  /**
   * How long a connection is silent before its peer is asked for a sign of life, in ms. One that gives none ten times, a second
   * apart, is gone. @default 20000
   */
  readonly silentMs?: number;
  /** The most bytes of a request's body that is not a file. @default 16 MiB */
  readonly bodyBytes?: number;
  /** The folder of recorded runs. @default `runs` in the home folder */
  readonly runs?: string;
  /** Names by which requests may call the server, beside `localhost` and addresses. @default none */
  readonly allowHosts?: readonly string[];
  /** Origins whose pages may call the server, beside its own. @default none */
  readonly allowOrigins?: readonly string[];
  /** Takes each line of the log, a JSON document. @default nobody */
  readonly onLog?: (line: string) => void;
}

/** {@link ServerOptions} with every default in place. */
export interface CompleteServerOptions extends Required<Omit<ServerOptions, "listen" | "tokenFile">> {
  /** The folder of files that are too large to wait in memory. */
  readonly spool: string;
  readonly listen: ListenAddress;
  /** The token's bytes; undefined where none is asked for. */
  readonly token: Buffer | undefined;
}

/** Where a server listens. */
export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

const names: NamesOf<ServerOptions> = {
  listen: true,
  tokenFile: true,
  maxSandboxes: true,
  maxQueue: true,
  leaseMs: true,
  drainMs: true,
  requestMs: true,
  silentMs: true,
  bodyBytes: true,
  runs: true,
  allowHosts: true,
  allowOrigins: true,
  onLog: true,
};

const schema = z.object({
  listen: z.string().default("127.0.0.1:8900"),
  tokenFile: z.string().min(1).optional(),
  maxSandboxes: z
    .int()
    .min(1)
    .max(512)
    .default(() => Math.min(256, 16 * availableParallelism())),
  maxQueue: z.int().min(0).max(1_000_000).default(1024),
  leaseMs: z.int().min(1000).max(3_600_000).default(30_000),
  drainMs: z.int().min(0).max(3_600_000).default(30_000),
  requestMs: z.int().min(100).max(3_600_000).default(60_000),
  silentMs: z.int().min(1000).max(3_600_000).default(20_000),
  bodyBytes: z
    .int()
    .min(1024)
    .max(2 ** 30)
    .default(16 * 1024 * 1024),
  runs: z
    .string()
    .min(1)
    .default(() => join(homeFolder(), "runs")),
  allowHosts: z.array(z.string().min(1)).default([]),
  allowOrigins: z.array(z.string().min(1)).default([]),
});

/**
 * Checks a server's options, reads the token and puts in the defaults.
 * @throws `bad_argument`
 */
export function completeServerOptions(options: ServerOptions): CompleteServerOptions {
  refuseUnknownOptions(options, names, "a server");
  const parsed = schema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new SameseedError(
      "bad_argument",
      `${issue.path.join(".") || "the server's options"}: ${issue.message}`,
    );
  }
  const { tokenFile, ...rest } = parsed.data;
  const listen = parseListen(rest.listen);
  const token = tokenFile === undefined ? undefined : readToken(tokenFile);
  if (token === undefined && listen.kind === "tcp" && !isLoopback(listen.host))
    throw new SameseedError(
      "bad_argument",
      `${rest.listen} can be reached from other machines, and needs a token`,
      {
        hint: "name a file with a secret: --token-file FILE; or listen at 127.0.0.1",
      },
    );
  const spool = join(homeFolder(), "spool");
  return { ...rest, listen, token, spool, onLog: options.onLog ?? (() => {}) };
}

/** Reads `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`. @throws `bad_argument` */
export function parseListen(text: string): ListenAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    // The kernel's own bound for the path of a socket.
    if (path !== "" && Buffer.byteLength(path) < 108 && !path.includes("\0")) return { kind: "unix", path };
  }
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535)
    throw new SameseedError("bad_argument", `${JSON.stringify(text)} is not an address to listen at`, {
      hint: "write HOST:PORT, such as 127.0.0.1:8900, or unix:PATH",
    });
  return { kind: "tcp", host: (found[1] ?? found[2])!, port };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function readToken(file: string): Buffer {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
    if ((statSync(file).mode & 0o077) !== 0)
      throw new SameseedError(
        "bad_argument",
        `the token's file ${file} can be read by others than its owner`,
        {
          hint: `chmod 600 ${file}`,
        },
      );
  } catch (error) {
    if (error instanceof SameseedError) throw error;
    throw new SameseedError("bad_argument", `the token's file cannot be read: ${toError(error).message}`, {
      hint: "make one: (umask 077; head -c 32 /dev/urandom | base64 > FILE)",
    });
  }
  if (!/^[\x21-\x7e]{16,1024}$/.test(text))
    throw new SameseedError(
      "bad_argument",
      `the token in ${file} is not of 16 to 1024 printable characters`,
      {
        hint: "make one: (umask 077; head -c 32 /dev/urandom | base64 > FILE)",
      },
    );
  return Buffer.from(text);
}
