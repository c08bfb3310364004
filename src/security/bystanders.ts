import { join } from "node:path";

import { executeRollout } from "../rollout/execute-rollout.ts";
import { planRollout } from "../rollout/plan-rollout.ts";
import { resolveOptions, type RolloutOptions } from "../rollout/rollout-config.ts";
import type { BackendReceipt, SandboxBackend } from "../sandbox/contract.ts";
import { corpusFolder } from "./attack-program.ts";

/** Honest rollouts that run beside attacks and must record what they record alone. */
export class Bystanders {
  readonly #backend: SandboxBackend;
  readonly #receipt: BackendReceipt;
  readonly #honest: readonly { readonly options: RolloutOptions; readonly seed: number }[];
  #alone: readonly string[] = [];

  constructor(backend: SandboxBackend, receipt: BackendReceipt) {
    const folder = join(corpusFolder(), "victims");
    this.#backend = backend;
    this.#receipt = receipt;
    this.#honest = [
      // One whose record hangs on addresses and hashes, one with a policy and so a link between two sandboxes.
      { options: { envName: `${join(folder, "environment.py")}:Bystander` }, seed: 7 },
      // What the kernel counts per user of the machine, all of which it needs.
      { options: { envName: `${join(folder, "resources.py")}:Resources` }, seed: 9 },
      { options: { envName: "CartPole-v1", policy: join(folder, "policy.py"), maxSteps: 30 }, seed: 8 },
    ];
  }

  /** How many run at the same time. */
  get count(): number {
    return this.#honest.length;
  }

  /** Learns what each records while nothing runs beside it. */
  async runAlone(): Promise<void> {
    const alone: string[] = [];
    for (let which = 0; which < this.count; which++) alone.push(await this.#record(which));
    this.#alone = alone;
  }

  /**
   * Runs both over and over until something is over, at least once each.
   * @returns what was not as it is alone, a sentence each
   */
  async runBeside(over: Promise<unknown>): Promise<string[]> {
    const attack = { isOver: false };
    const end = (): void => {
      attack.isOver = true;
    };
    over.then(end, end);
    const complaints: string[] = [];
    const repeat = async (which: number): Promise<void> => {
      do {
        const digest = await this.#record(which);
        if (digest !== this.#alone[which]) complaints.push(`bystander ${which} recorded ${digest}`);
      } while (!attack.isOver);
    };
    await Promise.all(this.#honest.map((_, which) => repeat(which)));
    return complaints;
  }

  /** Runs one of them once. @returns its outcome and digest */
  async #record(which: number): Promise<string> {
    const { options, seed } = this.#honest[which]!;
    const { template, limits } = resolveOptions(options);
    const plan = planRollout({ ...template, seed }, limits, this.#receipt);
    const { summary } = await executeRollout(this.#backend, this.#receipt, plan, limits);
    return `${summary.outcome} ${summary.digest}`;
  }
}
