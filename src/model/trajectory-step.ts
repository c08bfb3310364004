import type { JsonObject, JsonValue } from "./json.ts";

/** One line of `show --json`: the reset (step 0) has no action, reward or flags. */
export type TrajectoryStep =
  | {
      readonly step: 0;
      readonly observation: JsonValue;
      readonly info: JsonValue;
      readonly ledger?: JsonObject;
    }
  | {
      /** 1 for the first `step()`. */
      readonly step: number;
      readonly action: JsonValue;
      readonly observation: JsonValue;
      readonly reward: JsonValue;
      readonly terminated: JsonValue;
      readonly truncated: JsonValue;
      readonly info: JsonValue;
      /** What was asked of a sealed world since the previous step: kind → count; absent if nothing was. */
      readonly ledger?: JsonObject;
    };
