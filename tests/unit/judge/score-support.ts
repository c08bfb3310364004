import { scoreCompletions } from "../../../src/judge/score-completions.ts";
import type { CallTask, ScoreItem, ScoreResult, ScoreTask } from "../../../src/model/score.ts";

/** Code as a model writes it. */
export const fenced = (code: string): string => `Sure:\n\`\`\`python\n${code}\n\`\`\`\n`;
/** A task with two tests. */
export const add: CallTask = {
  id: "add",
  kind: "call",
  function: "add",
  limits: { cpuMs: 2000, wallMs: 10_000, memoryMb: 128 },
  tests: [
    { args: [1, 2], expected: 3 },
    { args: ["a", "b"], expected: "ab", name: "texts" },
  ],
};
/** A solution of it. */
export const right = "def add(a, b):\n    return a + b";

/** The score of one completion. */
export async function score(
  code: string,
  task: ScoreTask = add,
  more: Partial<ScoreItem> = {},
): Promise<ScoreResult> {
  const [result] = await scoreCompletions({ items: [{ completion: fenced(code), task, ...more }] }).results();
  return result!;
}
/** What its tests say. */
export const verdicts = ({ tests }: ScoreResult): string[] => tests.map(({ verdict }) => verdict);
