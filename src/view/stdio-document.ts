import { SameseedError } from "../base/error.ts";
import { type KeptStdio, readStdio, stdioPath } from "../verify/stdio/stdio-file.ts";
import { keptOf } from "./kept-of.ts";
import type { LoadedRollout, OpenRuns } from "./open-runs.ts";
import type { StdioDocument } from "./shown-stdio.ts";

/** Whether it is known what a rollout's programs wrote. */
export function hasStdio(rollout: LoadedRollout): boolean {
  return keptStdio(rollout) !== undefined;
}

/** `stdio/ID/KEY` */
export async function stdioDocument(runs: OpenRuns, id: string, name: string): Promise<StdioDocument> {
  const kept = keptStdio(await runs.rollout(id, name));
  if (kept === undefined)
    throw new SameseedError("run_missing", "it is not known what this rollout wrote to stdout and stderr", {
      hint: "run it again for that: `sameseed replay DIR --seed N --stdio`",
    });
  const { at, image, exact, programs } = kept;
  return { at, image, exact, programs };
}

function keptStdio(rollout: LoadedRollout): KeptStdio | undefined {
  return keptOf(rollout, (dir, key) => readStdio(stdioPath(dir, key)));
}
