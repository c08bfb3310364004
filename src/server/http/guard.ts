import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

import { sha256 } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import type { CompleteServerOptions } from "../server-options.ts";

/** Paths that say nothing and need no token: for whoever asks whether the server runs. */
const openPaths: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** What a guard lets pass, of a server's options. */
type GuardOptions = Pick<CompleteServerOptions, "allowHosts" | "allowOrigins"> &
  Partial<Pick<CompleteServerOptions, "token">>;

/** Decides, before anything else, whether a request is looked at. */
export class Guard {
  readonly #token: Buffer | undefined;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #allowsHost: readonly ((host: string) => boolean)[];

  /** @param allowsHost what doors allow beside */
  constructor(
    { token, allowHosts, allowOrigins }: GuardOptions,
    allowsHost: readonly ((host: string) => boolean)[] = [],
  ) {
    this.#token = token === undefined ? undefined : sha256(token);
    this.#hosts = new Set(["localhost", ...allowHosts.map((host) => host.toLowerCase())]);
    this.#origins = new Set(allowOrigins);
    this.#allowsHost = allowsHost;
  }

  /** @throws `forbidden`, `unauthorized` */
  check(path: string, headers: IncomingHttpHeaders): void {
    const { host = "", origin } = headers;
    this.#checkHost(host);
    this.#checkOrigin(host, origin, headers["sec-fetch-site"]);
    if (this.#token !== undefined && !openPaths.has(path))
      this.#checkToken(this.#token, headers.authorization);
  }

  /*
   * A page can make its own name stand for this machine, and a browser then takes the server for the page's own. Such a
   * request carries the page's name. An address instead of a name cannot be made to stand for something else.
   */
  #checkHost(host: string): void {
    const name = hostName(host);
    if (name !== undefined && (isIP(name) !== 0 || this.#hosts.has(name))) return;
    if (this.#allowsHost.some((allows) => allows(host))) return;
    throw new SameseedError("forbidden", `this server is not called ${JSON.stringify(host.slice(0, 200))}`, {
      hint: "use its address, or start it with --allow-host NAME",
    });
  }

  #checkOrigin(host: string, origin: string | undefined, site: string | string[] | undefined): void {
    if (origin === undefined) {
      if (site !== "cross-site" && site !== "same-site") return;
    } else if (origin === `http://${host}` || origin === `https://${host}` || this.#origins.has(origin))
      return;
    throw new SameseedError("forbidden", "pages of other origins may not call this server", {
      hint: "start it with --allow-origin ORIGIN",
      context: { origin: (origin ?? "").slice(0, 200) },
    });
  }

  #checkToken(token: Buffer, authorization: string | undefined): void {
    const given = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    // Digests are compared: they have one length, and the time says nothing of the token.
    if (given !== undefined && timingSafeEqual(sha256(given), token)) return;
    throw new SameseedError(
      "unauthorized",
      given === undefined ? "a token is needed" : "this is not the token",
      {
        hint: "send Authorization: Bearer TOKEN",
      },
    );
  }
}

/** The name in a `Host` header, without port and brackets; undefined where it is none. */
function hostName(host: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host);
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}
