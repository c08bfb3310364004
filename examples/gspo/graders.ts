import { Sandbox, scoreCompletions, type CallTask, type ScoreItem } from "../../src/index.ts";

/** A program and the task it answers. */
export interface Answer {
  readonly task: CallTask;
  readonly code: string;
}

/** Gives each answer a reward; null where nothing can be said of it. */
export type RewardFunction = (answers: readonly Answer[]) => Promise<(number | null)[]>;

/** Sameseed's judge. What it says of an equal answer is kept, unless it says nothing. */
export function judge(): RewardFunction {
  return memoised(async (answers) => {
    const items = answers.map(({ task, code }): ScoreItem => ({ task, files: { "solution.py": code } }));
    return (await scoreCompletions({ items }).results()).map(({ score }) => score);
  });
}

/** A grader in common use: assertions after the program, and the exit status. */
export function foolable(): RewardFunction {
  return memoised(async (answers) => {
    await using sandbox = await Sandbox.create({ timeoutMs: 600_000 });
    const rewards: number[] = [];
    for (const { task, code } of answers) {
      const asserts = (task.tests ?? []).map(
        ({ args = [], expected }) => `assert f(*${JSON.stringify(args)}) == ${JSON.stringify(expected)}`,
      );
      const { exitCode } = await sandbox.run("python3", {
        args: ["-I", "-S", "-c", `${code}\n${asserts.join("\n")}`],
      });
      rewards.push(exitCode === 0 ? 1 : 0);
    }
    return rewards;
  });
}

function memoised(grade: RewardFunction): RewardFunction {
  const known = new Map<string, number>();
  const keyOf = ({ task, code }: Answer): string => `${task.id}\n${code}`;
  return async (answers) => {
    const fresh = [
      ...new Map(
        answers.filter((each) => !known.has(keyOf(each))).map((each) => [keyOf(each), each]),
      ).values(),
    ];
    const rewards = fresh.length === 0 ? [] : await grade(fresh);
    for (const [at, reward] of rewards.entries()) if (reward !== null) known.set(keyOf(fresh[at]!), reward);
    return answers.map((each) => known.get(keyOf(each)) ?? null);
  };
}
