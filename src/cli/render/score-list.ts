import { readScores } from "../../judge/record/score-folder.ts";
import { summarizeScores } from "../../judge/summarize-scores.ts";
import type { Cli } from "../cli.ts";
import { jsonText } from "./json-text.ts";
import { count } from "./numbers.ts";
import { formatScores } from "./score-text.ts";

/**
 * Lists what a folder of scores holds, as `sameseed score` printed it.
 * @throws `run_damaged`
 */
export async function listScores(cli: Cli, dir: string, isJson: boolean): Promise<void> {
  const { items, results } = readScores(dir);
  const there = items.flatMap(({ id }) => results.get(id!) ?? []);
  const missing = items.length - there.length;
  if (isJson) {
    await cli.output.write(`${jsonText({ ...summarizeScores(there), missing, scores: there })}\n`);
    return;
  }
  const more = missing === 0 ? [] : [`${count(missing, "completion")} not scored yet`];
  await cli.output.lines([...formatScores(there, undefined, cli.paint), ...more]);
}
