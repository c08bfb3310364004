import type { Chunk } from "../chunk.ts";
import type { ChunkReport, LanesOptions } from "../queue/dispatcher.ts";
import type { Leases } from "../queue/queue-names.ts";

/** What the agent is told, by the process that runs the sandboxes. */
export type ToAgent =
  | {
      readonly kind: "start";
      readonly url: string;
      readonly note: LanesOptions["note"];
      readonly images: readonly string[];
      readonly leases?: Leases;
    }
  | { readonly kind: "images"; readonly images: readonly string[] }
  /** The supervisor lives: without it nobody runs what the agent holds. */
  | { readonly kind: "alive" }
  /** `number` is the execution's. */
  | { readonly kind: "done"; readonly number: number; readonly report: ChunkReport }
  /** Its error, as `toJSON` writes it. */
  | { readonly kind: "failed"; readonly number: number; readonly error: Record<string, unknown> }
  /** Take nothing more, and end when what runs has ended. */
  | { readonly kind: "drain" }
  /** Give back what runs, and end. */
  | { readonly kind: "leave" };

/** What the agent says. */
export type FromAgent =
  | { readonly kind: "run"; readonly number: number; readonly chunk: Chunk }
  | { readonly kind: "stop"; readonly number: number }
  | { readonly kind: "wedged" };
