/*
 * What a page may ask for that runs something: branches, pictures, games. Only a server that was started with --allow-run has
 * it. The request must come from the server's own page: it carries the server's origin, JSON (which a form of another page
 * cannot send), and a token that is made anew with each server and stands in a document that only the own page can read.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { dirname, join, resolve } from "node:path";
import * as z from "zod";

import { timeName } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { branchRun } from "../branch/branch-run.ts";
import { seedSchema } from "../model/seed.ts";
import { RunReader } from "../store/run-reader.ts";
import { renderRollout } from "../verify/pictures/render-rollout.ts";
import type { BranchedDocument, CapturedDocument, RenderedDocument } from "./asked-documents.ts";
import { captureStdio } from "../verify/stdio/capture-stdio.ts";
import { Games, gameRequests } from "./games.ts";
import { kindOf, type Library } from "./library.ts";
import { parsed } from "./parsed.ts";
import { toJson } from "./to-json.ts";

/** The most bytes a request may have: a policy's source is in it. */
export const requestBytesMost: number = 1024 * 1024;
const branchesMost = 64;

const rolloutSchema = z.strictObject({ id: z.string(), key: z.int().min(0) });
const branchSchema = z.strictObject({
  id: z.string(),
  key: z.int().min(0),
  step: z.int().min(0),
  reseed: z.array(seedSchema).min(1).max(branchesMost).optional(),
});

/** Runs what pages ask for, one request after the other. */
export class ViewActions implements AsyncDisposable {
  /** What the own page sends along. */
  readonly token: string = randomBytes(24).toString("base64url");
  readonly #library: Library;
  readonly #home: string;
  readonly #games: Games;
  readonly #ending = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  /** @param folders as they are shown; what is recorded goes into the first that is no recording itself, or beside it */
  constructor(library: Library, folders: readonly string[]) {
    this.#library = library;
    const [first = "."] = folders;
    this.#home = folders.find((folder) => kindOf(folder) === undefined) ?? dirname(resolve(first));
    this.#games = new Games(this.#ending.signal, (name) => this.#folder(name));
  }

  /**
   * Refuses what the own page did not send.
   * @throws SameseedError `forbidden`
   */
  check(headers: IncomingHttpHeaders): void {
    const { origin, host = "" } = headers;
    const given = headers["x-sameseed-token"];
    const isOwn =
      origin === `http://${host}` &&
      headers["content-type"] === "application/json" &&
      typeof given === "string" &&
      timingSafeEqual(sha256(given), sha256(this.token));
    if (!isOwn)
      throw new SameseedError("forbidden", "only the viewer's own page may ask for that", {
        hint: "load the page again: each server has a token of its own",
      });
  }

  /** @param name what is asked for @throws SameseedError `not_found`, `bad_argument`, and what running it throws */
  async run(name: string, body: Buffer): Promise<object> {
    const request = jsonOf(body);
    const running = this.#last.then(async () => await this.#act(name, request));
    this.#last = running.catch(() => {});
    return await running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#last;
    await this.#games[Symbol.asyncDispose]();
  }

  async #act(name: string, request: unknown): Promise<object> {
    const signal = this.#ending.signal;
    if (name === "branch") {
      const { id, key, step, reseed } = parsed(branchSchema, request);
      const { dir } = this.#library.find(id);
      const out = this.#folder(`branches-of-${String(key)}`);
      const { branches } = await branchRun(dir, {
        ...(await this.#nameOf(id, key)),
        step,
        ...(reseed === undefined ? {} : { reseed }),
        out,
        signal,
      });
      return { id: this.#shown(out), branches: branches.length } satisfies BranchedDocument;
    }
    if (name === "render") {
      const { id, key } = parsed(rolloutSchema, request);
      const { pictures } = await renderRollout(this.#library.find(id).dir, key, { signal });
      return { pictures } satisfies RenderedDocument;
    }
    if (name === "stdio") {
      const { id, key } = parsed(rolloutSchema, request);
      const { programs } = await captureStdio(this.#library.find(id).dir, key, { signal });
      return { programs: programs.length } satisfies CapturedDocument;
    }
    if (name === "picture") return await this.#games.picture(request);
    const game = gameRequests.find((own) => own === name);
    if (game === undefined) throw new SameseedError("not_found", "there is nothing of that name to run");
    const { saved, ...view } = await this.#games.act(game, request);
    return toJson({ ...view, ...(saved === undefined ? {} : { saved: this.#shown(saved) }) });
  }

  async #nameOf(id: string, key: number): Promise<{ readonly seed: number } | { readonly branch: number }> {
    using reader = await RunReader.open(this.#library.find(id).dir);
    return reader.manifest.spec.branch === undefined ? { seed: key } : { branch: key };
  }

  /** A new folder for what is recorded. */
  #folder(name: string): string {
    return join(this.#home, `${name}-${timeName()}-${randomBytes(2).toString("hex")}`);
  }

  /** The id under which a new recording is shown. */
  #shown(dir: string): string {
    return this.#library.add(dir);
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    throw new SameseedError("bad_argument", "the request is no JSON");
  }
}
