/* The training example: under the judge held-out tasks are learned, under the foolable grader cheating is; twice the same. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const example = fileURLToPath(new URL("../../examples/gspo/train.ts", import.meta.url));
const steps = 10;

interface Line {
  readonly name: string;
  readonly step: number;
  readonly heldOut: number;
  readonly reward: number;
  readonly cheats: number;
}

async function train(): Promise<{
  readonly stdout: string;
  readonly lines: readonly Line[];
  readonly svg: string;
}> {
  const cwd = mkdtempSync(join(tmpdir(), "sameseed-gspo-"));
  const { stdout } = await promisify(execFile)(process.execPath, [example, String(steps), "1"], { cwd });
  const lines = [
    ...stdout.matchAll(/^(\w+) +step +(\d+) {2}held-out (\S+) {2}reward (\S+) {2}cheats (\S+)$/gm),
  ].map(([, name = "", step, heldOut, reward, cheats]): Line => ({
    name,
    step: Number(step),
    heldOut: Number(heldOut),
    reward: Number(reward),
    cheats: Number(cheats),
  }));
  return { stdout, lines, svg: readFileSync(join(cwd, "gspo.svg"), "utf8") };
}

test(
  "the training example learns what its grader rewards, the same each time",
  { timeout: 400_000 },
  async () => {
    // Side by side: what one does must not show in the other.
    const [first, second] = await Promise.all([train(), train()]);
    const of = (name: string): readonly Line[] => first.lines.filter((line) => line.name === name);
    const [judge, foolable] = [of("judge"), of("foolable")];
    expect(judge.map(({ step }) => step)).toEqual([0, 5, 10]);
    expect(judge.at(-1)!.heldOut).toBeGreaterThan(judge[0]!.heldOut + 0.3);
    expect(judge.at(-1)!.cheats).toBeLessThan(0.05);
    expect(foolable.at(-1)!.cheats).toBeGreaterThan(0.9);
    expect(foolable.at(-1)!.reward).toBeGreaterThan(0.9);
    expect(foolable.at(-1)!.heldOut).toBeLessThan(0.1);
    expect(first.svg.match(/<polyline/g)).toHaveLength(4);
    expect(second.stdout).toBe(first.stdout);
    expect(second.svg).toBe(first.svg);
  },
);
