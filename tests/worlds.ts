import type { WorldMode } from "../src/model/receipt.ts";

/** The worlds that everything hostile runs in, first the one that rollouts run in by default. */
export const worlds: readonly WorldMode[] = ["sealed", "host"];
