import type { Command } from "commander";

import { defaultImageName } from "../../image/default-image.ts";
import { redteamGrader } from "../../judge/redteam/own-grader.ts";
import { redteamJudge, type RedteamReport } from "../../judge/redteam/run-redteam.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { prepareHost } from "../prepare-host.ts";
import { jsonText } from "../render/json-text.ts";
import { count } from "../render/numbers.ts";
import type { Painter } from "../render/style.ts";
import { formatTable } from "../render/table.ts";
import { jsonOption } from "./options.ts";

interface RedteamOptions {
  readonly grader?: string;
  readonly json?: true;
}

/** Adds `sameseed score redteam`. */
export function addScoreRedteamCommand(score: Command, choose: (work: CommandWork) => void): void {
  score
    .command("redteam")
    .summary("try the hack corpus on the judge, or on a grader of your own")
    .description(
      "Scores programs that cheat and programs that are right. A cheat must score no more than its code earns without the cheat, and a right solution must score in full, whatever its style.",
    )
    .option(
      "--grader <CMD>",
      "a shell command, run in a folder with solution.py, test_solution.py, cases.json and task.json; the last line it prints is the score",
    )
    .addOption(jsonOption("what was found as one JSON document"))
    .addHelpText("after", help)
    .action((options: RedteamOptions) => choose(async (cli) => await redteam(cli, options)));
}

const help = `
A grader of your own runs with your rights, without a sandbox. The corpus destroys nothing, but it exits, prints, forks and
writes files.

Examples:
  sameseed score redteam
  sameseed score redteam --grader 'python3 ~/my_grader.py .'

The exit code is 0 when no cheat got more than its code earns and every right solution got all, 1 when one
did not, 2 for misuse, 3 when the host failed.`;

async function redteam(cli: Cli, { grader, json }: RedteamOptions): Promise<number> {
  const watch = {
    signal: cli.signal,
    onAttempt: (done: number, total: number): void => cli.status.show(`scoring ${done}/${total}`),
  };
  if (grader === undefined) await prepareHost(cli, defaultImageName);
  const report = grader === undefined ? await redteamJudge(watch) : await redteamGrader(grader, watch);
  cli.status.clear();
  if (json) await cli.output.write(`${jsonText(report)}\n`);
  else await cli.output.lines(formatRedteam(report, cli.paint));
  if (report.ok) return 0;
  return report.unscored > 0 && report.fooled + report.unjust === 0 && grader === undefined ? 3 : 1;
}

function formatRedteam(report: RedteamReport, paint: Painter): string[] {
  const wrong = report.attempts.filter(({ found }) => found !== "right");
  const rows = wrong.map(({ id, family, ability, score, found }) => [
    id,
    family,
    String(ability),
    score === null ? "none" : String(score),
    paint(found === "fooled" ? "bad" : "warn", found),
  ]);
  const table =
    rows.length === 0
      ? []
      : formatTable(
          [
            { title: "program" },
            { title: "abuses" },
            { title: "worth", align: "right" },
            { title: "score", align: "right" },
            { title: "" },
          ],
          rows,
        ).map((line) => `  ${line}`);
  const { cheats, honest, fooled, unjust, unscored } = report;
  return [
    ...table,
    `${count(cheats, "cheat")}: ${fooled} got more than they are worth; ${count(honest, "right solution")}: ${unjust} got less; ${unscored} without a score`,
  ];
}
