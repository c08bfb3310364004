/*
 * Where documents come from: the server that brought the page, or the page itself, which then holds each one compressed.
 * Base64 has no character that ends an element, so nothing in a document can reach the page as markup.
 */
import { useEffect, useState } from "preact/hooks";

import { stepsPerChunk, type ValueDocument } from "../../src/view/documents.ts";

const carried = new Map<string, Element>();
for (const element of document.querySelectorAll("script[data-path]"))
  carried.set(element.getAttribute("data-path") ?? "", element);

/** Whether the page holds its documents, and no server is asked. */
export const isFile: boolean = carried.size > 0;

const known = new Map<string, Promise<unknown>>();
const listeners = new Set<() => void>();
let generation = 0;

/** The path of a document. */
export function pathOf(kind: string, ...names: readonly (string | number)[]): string {
  return [kind, ...names.map((name) => encodeURIComponent(name))].join("/");
}

/** A document. */
export async function load<T>(path: string): Promise<T> {
  const before = known.get(path);
  if (before !== undefined) return (await before) as T;
  const loading = isFile ? fromPage(path) : fromServer(path);
  known.set(path, loading);
  if (known.size > 400) known.delete(known.keys().next().value ?? "");
  loading.catch(() => known.delete(path));
  return (await loading) as T;
}

/** Forgets what has changed: documents whose path names the recording, and the table of all. */
export function forget(id: string): void {
  const name = encodeURIComponent(id);
  for (const path of known.keys())
    if (path === "library" || path.split("/").includes(name)) known.delete(path);
  generation++;
  for (const listener of listeners) listener();
}

/** What is known of a document. */
export interface Loaded<T> {
  readonly data?: T;
  readonly error?: string;
}

/** A document, as soon as it is there; what was there before stays while it is loaded anew. @param path null for none */
export function useDocument<T>(path: string | null): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { readonly path?: string | null }>({});
  const [now, setNow] = useState(generation);
  useEffect(() => {
    const listener = (): void => setNow(generation);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  useEffect(() => {
    let isCurrent = true;
    if (path !== null)
      load<T>(path).then(
        (data) => isCurrent && setState({ data, path }),
        (error: unknown) => isCurrent && setState({ error: messageOf(error), path }),
      );
    return () => {
      isCurrent = false;
    };
  }, [path, now]);
  return state.path === path ? state : {};
}

async function fromServer(path: string): Promise<unknown> {
  const response = await fetch(`api/${path}`);
  const body = (await response.json()) as {
    readonly error?: { readonly message?: string; readonly hint?: string };
  };
  if (response.ok) return body;
  const { message = "the server could not answer", hint } = body.error ?? {};
  throw new Error(hint === undefined ? message : `${message} (${hint})`);
}

async function fromPage(path: string): Promise<unknown> {
  const element = carried.get(path);
  if (element !== undefined) return await unpack(element);
  const [kind, id, key, step = "", field = ""] = path.split("/");
  if (kind === "value") {
    const chunk = carried.get(["values", id, key, chunkOf(Number(step), await firstOf(id, key))].join("/"));
    const values = chunk && ((await unpack(chunk)) as Readonly<Record<string, ValueDocument>>);
    const value = values?.[`${step}/${decodeURIComponent(field)}`];
    if (value !== undefined) return value;
  }
  throw new Error(
    "This page does not carry that. Write it with more in it, or open the folder with `sameseed view`.",
  );
}

async function firstOf(id = "", key = ""): Promise<number> {
  const rollout = carried.get(["rollout", id, key].join("/"));
  return rollout === undefined ? 0 : ((await unpack(rollout)) as { readonly first: number }).first;
}

/** The chunk of a step. @param first the number of the rollout's first record */
export function chunkOf(step: number, first: number): number {
  return Math.floor((step - first) / stepsPerChunk);
}

async function unpack(element: Element): Promise<unknown> {
  const bytes = bytesOf(element.textContent ?? "");
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as unknown;
}

/** The bytes of a base64 text. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Follows a recording that is being written; calls back with the ids that changed. */
export function useLive(id: string | null): void {
  useEffect(() => {
    if (id === null || isFile) return undefined;
    const source = new EventSource(`api/live/${encodeURIComponent(id)}`);
    source.addEventListener("changed", () => forget(id));
    return () => source.close();
  }, [id]);
}
