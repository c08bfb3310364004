import type { ByteRooms } from "./byte-room.ts";
import type { ServerLog } from "./log.ts";
import type { Leases } from "./leases.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { Reply } from "./http/reply.ts";
import type { Sandboxes } from "./native/sandboxes.ts";
import type { OnceTable } from "./once.ts";
import type { CompleteServerOptions } from "./server-options.ts";
import type { Slots } from "./slots.ts";
import type { Spool } from "./spool.ts";

/** What every door is given: the one server's room, leases, keys, log and figures. */
export interface ServerContext extends ByteRooms {
  readonly options: CompleteServerOptions;
  /** Room for sandboxes: whoever starts one takes room first. */
  readonly slots: Slots;
  /** What owns whatever clients open. */
  readonly leases: Leases;
  /** Every sandbox that is open for a client. */
  readonly sandboxes: Sandboxes;
  /** Answers to requests with an idempotency key. */
  readonly once: OnceTable<Reply>;
  /** Files for what is too large to wait in memory. */
  readonly spool: Spool;
  readonly log: ServerLog;
  readonly metrics: ServerMetrics;
  /** Fires when the server ends: whatever runs ends with it. */
  readonly signal: AbortSignal;
}
