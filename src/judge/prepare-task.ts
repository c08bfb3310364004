import type { Limits } from "../model/limits.ts";
import type { ScoreTask } from "../model/score.ts";
import type { JudgePlace } from "./judge-place.ts";
import type { PreparedTask } from "./test-run.ts";
import { prepareCallTests } from "./kinds/call-tests.ts";
import { prepareJudgeTests } from "./kinds/judge-tests.ts";
import { prepareLanguageTests } from "./kinds/language-tests.ts";
import { preparePytestTests } from "./kinds/pytest-tests.ts";
import { prepareStdioTests } from "./kinds/stdio-tests.ts";

/**
 * Fixes a task's tests: how many they are, their names, inputs and expected values, before any solution of it runs.
 * @throws {BadTask} where the task is at fault; what starting a sandbox throws
 */
export async function prepareTask(task: ScoreTask, limits: Limits, place: JudgePlace): Promise<PreparedTask> {
  if (task.kind === "call") return await prepareCallTests(task, limits, place);
  if (task.kind === "stdio" && task.language !== undefined)
    return await prepareLanguageTests(task, task.language, limits, place);
  if (task.kind === "stdio") return prepareStdioTests(task, limits, place);
  if (task.kind === "judge") return await prepareJudgeTests(task, limits, place);
  return await preparePytestTests(task, limits, place);
}
