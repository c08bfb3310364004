import type { Context, Hono } from "hono";
import type * as z from "zod";

/** What the OpenAPI document says of a route of a foreign protocol: errors have that protocol's shape. */
export interface DescribedRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters in braces. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly body?: z.ZodType | "bytes";
}

/** What is said of a route: a line, and the schema of its body where it reads one. */
export type About = string | { readonly summary: string; readonly body: z.ZodType | "bytes" };

type Handler = (c: Context) => Response | Promise<Response>;

/** The routes of a door, each with what the OpenAPI document says of it: none can be had without. */
export class DoorRoutes {
  readonly described: DescribedRoute[] = [];
  readonly #app: Hono;
  readonly #tag: string;

  /** @param tag what its routes are listed under */
  constructor(app: Hono, tag: string) {
    this.#app = app;
    this.#tag = tag;
  }

  /** Adds a route; parameters of the path are `:name`. */
  add(method: DescribedRoute["method"], path: string, about: About, handle: Handler): void {
    this.#app.on(method, path, handle);
    const told = typeof about === "string" ? { summary: about } : about;
    this.described.push({
      method,
      path: path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, "{$1}"),
      tag: this.#tag,
      ...told,
    });
  }

  get(path: string, about: About, handle: Handler): void {
    this.add("GET", path, about, handle);
  }

  post(path: string, about: About, handle: Handler): void {
    this.add("POST", path, about, handle);
  }

  put(path: string, about: About, handle: Handler): void {
    this.add("PUT", path, about, handle);
  }

  delete(path: string, about: About, handle: Handler): void {
    this.add("DELETE", path, about, handle);
  }

  /** Answers whatever the method with what the protocol has for things that are not offered. It is not described. */
  refuse(path: string, refuse: () => never): void {
    this.#app.all(path, refuse);
  }
}
