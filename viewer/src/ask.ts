import type { LibraryDocument } from "../../src/view/documents.ts";
import { load, useDocument } from "./data.ts";

/** Whether the page may ask for something to be run. */
export function useCanRun(): boolean {
  return useDocument<LibraryDocument>("library").data?.token !== undefined;
}

/** Has something run, and says what came of it. */
export async function ask<T>(name: string, request: object): Promise<T> {
  const { token = "" } = await load<LibraryDocument>("library");
  const response = await fetch(`api/do/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Sameseed-Token": token },
    body: JSON.stringify(request),
  });
  const body = (await response.json()) as T & {
    readonly error?: { readonly message?: string; readonly hint?: string };
  };
  if (!response.ok) {
    const { message = "the server could not do that", hint } = body.error ?? {};
    throw new Error(hint === undefined ? message : `${message} (${hint})`);
  }
  return body;
}
