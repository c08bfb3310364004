import type { Redis } from "ioredis";
import type * as z from "zod";

import { noteMs, soon } from "./redis-names.ts";

/*
 * Notes of who is there. Redis itself forgets one that is not written again, by its own clock: those of hosts need not agree.
 */

/** Writes a note, or writes it again. @param ids the key of all ids of its kind */
export async function writeNote(client: Redis, ids: string, id: string, note: object): Promise<void> {
  const text = JSON.stringify(note);
  await soon(client.multi().set(noteKey(ids, id), text, "PX", noteMs).sadd(ids, id).exec());
}

/** Takes a note away. */
export async function removeNote(client: Redis, ids: string, id: string): Promise<void> {
  await soon(client.multi().del(noteKey(ids, id)).srem(ids, id).exec());
}

/** Notes that hold, without those that this version cannot read. */
export async function readNotes<T>(client: Redis, ids: string, schema: z.ZodType<T>): Promise<T[]> {
  const all = await soon(client.smembers(ids));
  if (all.length === 0) return [];
  const texts = await soon(client.mget(all.map((id) => noteKey(ids, id))));
  const gone = all.filter((_, at) => texts[at] === null);
  if (gone.length > 0) await soon(client.srem(ids, ...gone));
  return texts.flatMap((text) => {
    const note = schema.safeParse(parseJson(text ?? ""));
    return note.success ? [note.data] : [];
  });
}

function noteKey(ids: string, id: string): string {
  return `${ids}:${id}`;
}

/** What a text says as JSON; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
