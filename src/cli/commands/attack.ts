import { Option, type Command } from "commander";

import { resolveImage, type ResolvedImage } from "../../image/image-store.ts";
import { ColdBackend } from "../../sandbox/cold/backend.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { SandboxBackend } from "../../sandbox/contract.ts";
import { ZygoteBackend } from "../../sandbox/zygote/backend.ts";
import { BranchBackend } from "../../security/branch-backend.ts";
import { runAttacks, type Scorecard } from "../../security/run-attacks.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { prepareHost } from "../prepare-host.ts";
import { jsonText } from "../render/json-text.ts";
import { formatRow, formatVerdict } from "../render/scorecard.ts";
import { imageOption, jsonOption } from "./options.ts";

/** What is attacked: the sandboxes of a backend, or branches, which a zygote's trunk is copied into. */
type AttackedKind = "zygote" | "cold" | "branch";

interface AttackCommandOptions {
  readonly backend: AttackedKind;
  readonly world: WorldMode | "both";
  readonly only?: readonly string[];
  readonly image: string;
  readonly json?: true;
}

/** A cold start takes a hundred times as long as a warm one, and says as much after fewer. */
const timedRollouts: Readonly<Record<AttackedKind, number>> = { zygote: 100, cold: 10, branch: 100 };

/** Adds `sameseed attack`. */
export function addAttackCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("attack")
    .summary("attack this host's wall with hostile programs and print a scorecard")
    .description(
      "Runs a corpus of hostile programs, each in sandboxes of its own, beside honest rollouts whose bytes must not change, and compares each result with the expected one. Nothing is skipped: if a wall is missing, its rows fail.",
    )
    .addOption(
      new Option("--backend <KIND>", "what starts sandboxes; branch: each is a branch of one trunk")
        .choices(["zygote", "cold", "branch"])
        .default("zygote"),
    )
    .addOption(
      new Option("--world <WORLD>", "the world of the sandboxes that are attacked; both: one after the other")
        .choices(["sealed", "host", "both"])
        .default("sealed"),
    )
    .addOption(new Option("--only <ID...>", "run only these rows: a file name without .py, or its number"))
    .addOption(imageOption())
    .addOption(jsonOption("the scorecard as one JSON document"))
    .addHelpText("after", help)
    .action((options: AttackCommandOptions) => choose(async (cli) => await attack(cli, options)));
}

const help = `
Examples:
  sameseed attack
  sameseed attack --only 01-fork-bomb 57
  sameseed attack --world both
  sameseed attack --backend cold --json
  sameseed attack --backend branch

The exit code is 0 when every row passes and nothing else was disturbed, 1 when something got through, and
3 when no sandbox could be started. The programs are files: tests/security/corpus in the package.`;

/** The worlds that are attacked, in order; the one that rollouts run in by default comes first. */
const worldsOf: Readonly<Record<AttackCommandOptions["world"], readonly WorldMode[]>> = {
  sealed: ["sealed"],
  host: ["host"],
  both: ["sealed", "host"],
};

async function attack(cli: Cli, options: AttackCommandOptions): Promise<number> {
  const { image: name, world, json } = options;
  await prepareHost(cli, name);
  const image = resolveImage(name);
  const scorecards: Scorecard[] = [];
  for (const each of worldsOf[world]) scorecards.push(await attackWorld(cli, options, image, each));
  const isHeld = scorecards.every(({ verdict }) => verdict === "pass");
  if (json) await cli.output.write(`${jsonText({ scorecards, verdict: isHeld ? "pass" : "fail" })}\n`);
  return isHeld ? 0 : 1;
}

/** Attacks one world, and says for people what came of it. */
async function attackWorld(
  cli: Cli,
  { backend: kind, only, json }: AttackCommandOptions,
  image: ResolvedImage,
  world: WorldMode,
): Promise<Scorecard> {
  const make = (): SandboxBackend =>
    kind === "cold"
      ? new ColdBackend(image, { world })
      : kind === "zygote"
        ? new ZygoteBackend(image, { world })
        : new BranchBackend(new ZygoteBackend(image, { world }));
  const backend = make();
  const lines: Promise<void>[] = [];
  try {
    const scorecard = await runAttacks({
      backend,
      image,
      makeFresh: make,
      timedRollouts: timedRollouts[kind],
      ...(only === undefined ? {} : { only }),
      signal: cli.signal,
      onRow: (row, done, total) => {
        cli.status.show(`attacking the ${world} world ${done}/${total}`);
        if (json) return;
        const written = cli.output.lines(formatRow(row, cli.paint));
        written.catch(() => {}); // all of them are waited for below
        lines.push(written);
      },
    });
    cli.status.clear();
    await Promise.all(lines);
    if (!json) await cli.output.lines(formatVerdict(scorecard, cli.paint));
    return scorecard;
  } finally {
    await Promise.allSettled(lines);
    await backend.close();
  }
}
