import { SameseedError } from "../../base/error.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { maskedUrl } from "./masked-url.ts";

/** Whether a text names a queue that hosts can share. */
export function isQueueUrl(url: string): boolean {
  return /^(?:rediss?:\/\/.+|redis\+unix:\/.+)$/.test(url);
}

/**
 * Opens the side of a fleet's queue that has chunks to give.
 * @param url `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, `rediss://…` with TLS, `redis+unix:/path/to/socket`
 * @throws `bad_argument`
 */
export async function openDispatcher(url: string): Promise<Dispatcher> {
  checkQueueUrl(url);
  // The client takes a fifth of a second to load: only whoever has a fleet waits for it.
  const { RedisDispatcher } = await import("./redis-dispatcher.ts");
  return new RedisDispatcher(url);
}

/** @throws `bad_argument` */
export function checkQueueUrl(url: string): void {
  if (isQueueUrl(url)) return;
  throw new SameseedError("bad_argument", `${JSON.stringify(maskedUrl(url))} names no fleet`, {
    hint: "name its Redis: redis://HOST:PORT, rediss://HOST:PORT or redis+unix:/path/to/socket",
  });
}
