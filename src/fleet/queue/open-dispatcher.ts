import { SameseedError } from "../../base/error.ts";
import type { BullBackend } from "./bull-backend.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { maskedUrl } from "./masked-url.ts";

/** Whether a text names a queue that hosts can share. */
export function isQueueUrl(url: string): boolean {
  return /^(?:rediss?:\/\/.+|redis\+unix:\/.+|postgres(?:ql)?:\/\/.+)$/.test(url);
}

/**
 * Opens the side of a fleet's queue that has chunks to give.
 * @param url `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, `rediss://…` with TLS, `redis+unix:/path/to/socket`, or
 * `postgresql://[USER:PASSWORD@]HOST[:PORT]/DB`
 * @throws `bad_argument`
 */
export async function openDispatcher(url: string): Promise<Dispatcher> {
  const backend = await openBackend(url);
  const { BullDispatcher } = await import("./bull-dispatcher.ts");
  return new BullDispatcher(backend);
}

/** Where a fleet's queue is kept. @throws `bad_argument` */
export async function openBackend(url: string): Promise<BullBackend> {
  checkQueueUrl(url);
  // The clients take a fifth of a second to load: only whoever has a fleet waits for them.
  if (url.startsWith("postgres")) {
    const { PostgresBackend } = await import("./postgres-backend.ts");
    return new PostgresBackend(url);
  }
  const { RedisBackend } = await import("./redis-backend.ts");
  return new RedisBackend(url);
}

/** @throws `bad_argument` */
export function checkQueueUrl(url: string): void {
  if (isQueueUrl(url)) return;
  throw new SameseedError("bad_argument", `${JSON.stringify(maskedUrl(url))} names no fleet`, {
    hint: "name its Redis or PostgreSQL: redis://HOST:PORT, rediss://HOST:PORT, redis+unix:/path/to/socket or postgresql://HOST/DB",
  });
}
