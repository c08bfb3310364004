import { isComplete } from "../model/outcome.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import type { Cli } from "./cli.ts";
import { resumeCommand } from "./parse/shell-words.ts";
import { shownPath } from "./record-with-progress.ts";
import { asSameseedError } from "./render/error-text.ts";
import { count } from "./render/numbers.ts";
import { Progress } from "./render/progress.ts";
import { withWayOn } from "./way-on.ts";

/** Says on standard error how far an evaluation in an environment is. */
export class ReturnsProgress {
  readonly #cli: Cli;
  readonly #dir: string | undefined;
  readonly #startedAt = performance.now();
  readonly #progress: Progress;
  #faults = 0;

  /** @param dir where rollouts are recorded, if anywhere */
  constructor(cli: Cli, total: number, dir: string | undefined) {
    this.#cli = cli;
    this.#dir = dir;
    this.#progress = new Progress(cli.status, {
      verb: "running",
      total,
      details: () => [count(this.#faults, "fault")],
    });
  }

  /** Since this was made. */
  get wallMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** One rollout more. */
  readonly add = ({ outcome }: RolloutSummary): void => {
    if (!isComplete(outcome)) this.#faults++;
    this.#progress.advance();
  };

  /** Runs the work, and where it is cut short says what is kept and how to go on. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const error = asSameseedError(thrown);
      const { done } = this.#progress;
      if (this.#dir === undefined || done === 0 || error.kind.exitCode === 2) throw error;
      const dir = shownPath(this.#dir);
      throw withWayOn(error, {
        kept: `${count(done, "rollout")} recorded in ${dir}`,
        goOn: resumeCommand(this.#cli.args, dir),
      });
    } finally {
      this.#progress.stop();
    }
  }
}
