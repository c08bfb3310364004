/**
 * Trains a tiny policy that writes programs, by GSPO, once under Sameseed's judge and once under a grader in common use, and
 * plots both: under the judge it learns to solve tasks that it has never seen, under the other one to cheat.
 *
 *     node examples/gspo/train.ts            40 steps, writes gspo.svg
 *     node examples/gspo/train.ts 10 7       10 steps with seed 7
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { closeSandboxes, Sandbox } from "../../src/index.ts";
import { foolable, judge, type RewardFunction } from "./graders.ts";
import { type Curve, plot } from "./plot.ts";
import { isHeldOut, type Prompt, prompts, taskOf } from "./tasks.ts";

const [steps = 40, seed = 1] = process.argv.slice(2).map(Number);
const [promptsAStep, group, epochs, clip, rate, measureEvery] = [20, 12, 4, 0.25, 0.1, 5];

/** Prompts are taken in this stride, so that one step has some of each operation. */
const stride = 7;

/** The policy's process: one line of JSON out, one back. */
class Policy implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  readonly #process: ReturnType<Sandbox["startProcess"]>;
  #text = "";
  #waiting: PromiseWithResolvers<string> | undefined;

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.#process = sandbox.startProcess("python3", {
      args: ["policy.py"],
      onStdout: (data) => this.#take(data.toString()),
      onStderr: (data) => process.stderr.write(data),
    });
  }

  static async start(): Promise<Policy> {
    // Sealed: the generator's seed, and nothing of this machine, decides what it draws.
    const sandbox = await Sandbox.create({ world: "sealed", seed, timeoutMs: 3_600_000, cpuMs: 3_600_000 });
    await sandbox.files.write("policy.py", readFileSync(join(import.meta.dirname, "policy.py")));
    const policy = new Policy(sandbox);
    await policy.#process.write(`${JSON.stringify({ seed, rate, epochs, clip })}\n`);
    return policy;
  }

  async sample(asked: readonly Prompt[], each: number, greedy: boolean): Promise<string[][]> {
    const answer = await this.#ask({ prompts: asked, group: each, greedy });
    return (answer as { readonly programs: string[][] }).programs;
  }

  async update(rewards: readonly (readonly (number | null)[])[]): Promise<void> {
    await this.#ask({ rewards });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox.close();
  }

  async #ask(request: object): Promise<unknown> {
    this.#waiting = Promise.withResolvers();
    await this.#process.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await this.#waiting.promise);
  }

  #take(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf("\n");
    if (end < 0) return;
    this.#waiting?.resolve(this.#text.slice(0, end));
    this.#text = this.#text.slice(end + 1);
  }
}

interface Measured {
  readonly step: number;
  /** What the judge says of held-out tasks: the true score. */
  readonly heldOut: number;
  /** What the grader that trains says of its samples. */
  readonly reward: number;
  /** Programs that are cheats, of those that were sampled. */
  readonly cheats: number;
}

async function train(name: string, grade: RewardFunction, truth: RewardFunction): Promise<Measured[]> {
  await using policy = await Policy.start();
  const seen = prompts.filter((prompt) => !isHeldOut(prompt));
  const unseen = prompts.filter(isHeldOut);
  const measured: Measured[] = [];
  for (let step = 0; step <= steps; step++) {
    const asked = Array.from(
      { length: promptsAStep },
      (_, at) => seen[((step * promptsAStep + at) * stride) % seen.length]!,
    );
    const programs = await policy.sample(asked, group, false);
    const answers = asked.flatMap((prompt, at) =>
      programs[at]!.map((code) => ({ task: taskOf(prompt), code })),
    );
    const rewards = await grade(answers);
    if (step % measureEvery === 0 || step === steps) {
      const written = await policy.sample(unseen, 1, true);
      const scores = await truth(
        unseen.map((prompt, at) => ({ task: taskOf(prompt), code: written[at]![0]! })),
      );
      measured.push({
        step,
        heldOut: mean(scores),
        reward: mean(rewards),
        cheats: mean(answers.map(({ code }) => (/_exit|__eq__/.test(code) ? 1 : 0))),
      });
      const { heldOut, reward, cheats } = measured.at(-1)!;
      console.log(
        `${name.padEnd(8)} step ${String(step).padStart(3)}  held-out ${heldOut.toFixed(3)}  reward ${reward.toFixed(3)}  cheats ${cheats.toFixed(3)}`,
      );
    }
    await policy.update(asked.map((_, at) => rewards.slice(at * group, (at + 1) * group)));
  }
  return measured;
}

/** Over what is known. */
function mean(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}

const truth = judge();
const honest = await train("judge", truth, truth);
const fooled = await train("foolable", foolable(), truth);
const curve = (
  name: string,
  colour: string,
  of: readonly Measured[],
  key: "heldOut" | "cheats" | "reward",
): Curve => ({
  name,
  colour,
  dashed: key !== "heldOut",
  points: of.map((each) => [each.step, each[key]]),
});
const svg = plot("GSPO on programs: true score on held-out tasks", [
  curve("judge: held-out score", "#1a7f37", honest, "heldOut"),
  curve("foolable: held-out score", "#cf222e", fooled, "heldOut"),
  curve("foolable: reward it believes", "#8250df", fooled, "reward"),
  curve("foolable: cheats", "#bf8700", fooled, "cheats"),
]);
writeFileSync("gspo.svg", svg);
console.log("plotted in gspo.svg");
await closeSandboxes();
