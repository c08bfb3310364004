import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RolloutSummary } from "../../../src/model/rollout.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleManifest, sampleRollout } from "../store/sample-rollout.ts";

/** A folder that is removed at the end. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "sameseed-view-"));

  /** Records a run of made-up rollouts. @param count seeds of the run @param recorded how many of them are there */
  async run(
    name: string,
    count: number,
    recorded: number = count,
    changes: (seed: number) => Partial<RolloutSummary> = () => ({}),
  ): Promise<string> {
    const dir = join(this.path, name);
    const writer = await RunWriter.create(dir, { ...sampleManifest(count), runId: name });
    await Promise.all(
      Array.from({ length: recorded }, (_, seed) => writer.append(sampleRollout(seed, changes(seed)))),
    );
    await writer.close();
    return dir;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
