import type { Command } from "commander";

import { runDoctor, type DoctorCheck } from "../../sandbox/doctor.ts";
import type { CommandWork } from "../cli.ts";
import { jsonText } from "../render/json-text.ts";
import { count } from "../render/numbers.ts";
import { clip, type Painter } from "../render/style.ts";
import { imageOption, jsonOption } from "./options.ts";

const mostCharacters = 500;

/** Adds `sameseed doctor`. */
export function addDoctorCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("doctor")
    .summary("check whether this host can run sandboxes, and name the fix for each problem")
    .description(
      "Checks everything a sandbox needs. The last check starts a sandbox that inspects its own wall. Each problem is reported with its fix.",
    )
    .addOption(imageOption())
    .addOption(jsonOption("the checks as one JSON document"))
    .addHelpText(
      "after",
      "\nExamples:\n  sameseed doctor\n  sameseed doctor --image box2d\n\nThe exit code is 0 when sandboxes work on this host, also with warnings, and 3 when they do not.",
    )
    .action(({ image, json }: { readonly image: string; readonly json?: true }) =>
      choose(async ({ output, paint }) => {
        const checks = await runDoctor({ image });
        const ok = checks.every((check) => check.ok);
        if (json) await output.write(`${jsonText({ ok, checks })}\n`);
        else await output.lines(formatChecks(checks, paint));
        return ok ? 0 : 3;
      }),
    );
}

/** The checks for people: a mark, what was looked at, what was found, and below it the fix. */
export function formatChecks(checks: readonly DoctorCheck[], paint: Painter): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap((check) => {
    const { name, detail, fix } = check;
    const line = `${mark(check, paint)}  ${name.padEnd(width)}  ${clip(detail, mostCharacters)}`;
    return fix === undefined
      ? [line]
      : [line, `      ${" ".repeat(width)}  ${paint("strong", "fix:")} ${clip(fix, mostCharacters)}`];
  });
  const failures = checks.filter(({ ok }) => !ok).length;
  const warnings = checks.filter(({ warning }) => warning).length;
  const noted = warnings === 0 ? "" : `, with ${count(warnings, "warning")}`;
  const verdict =
    failures === 0
      ? `${paint("good", "sandboxes work on this host")}${noted}`
      : `${paint("bad", "sandboxes do not work on this host")}: ${count(failures, "check")} failed`;
  return [...lines, "", verdict];
}

function mark({ ok, warning }: DoctorCheck, paint: Painter): string {
  if (!ok) return paint("bad", "fail");
  return warning ? paint("warn", "warn") : paint("good", "ok  ");
}
