// `node scripts/measure-attack.ts`: attacks both worlds and writes the run in docs/security/attack.md anew. Ends with 1
// where something got through.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { join } from "node:path";

import { resolveImage } from "../src/image/image-store.ts";
import { ZygoteBackend } from "../src/sandbox/zygote/backend.ts";
import { runAttacks, type AttackRow, type Scorecard } from "../src/security/run-attacks.ts";
import { worlds } from "../tests/worlds.ts";

const page = join(import.meta.dirname, "..", "docs", "security", "attack.md");
const heading = "## A run\n";
const seenMost = 150;

async function attack(world: (typeof worlds)[number]): Promise<Scorecard> {
  const image = resolveImage("gymnasium");
  const make = (): ZygoteBackend => new ZygoteBackend(image, { world });
  const backend = make();
  try {
    return await runAttacks({ backend, image, makeFresh: make });
  } finally {
    await backend.close();
  }
}

function render(scorecards: readonly Scorecard[]): string {
  const facts = scorecards.map(({ world, rows, image, throughput }) => {
    const held = rows.filter(({ verdict }) => verdict === "pass").length;
    const { attackedPerSecond, freshPerSecond, ratio } = throughput!;
    const rates = `${attackedPerSecond.toFixed(0)} rollouts/s, ${freshPerSecond.toFixed(0)} without an attack (ratio ${ratio.toFixed(2)})`;
    return `- ${world}: ${held} of ${rows.length} rows held off. Afterwards ${rates}. Image: ${image}.`;
  });
  const [sealed, host] = scorecards;
  const rows = sealed!.rows.map((row) =>
    line(
      row,
      host!.rows.find(({ id }) => id === row.id)!,
    ),
  );
  return [
    heading,
    `On ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} processors, kernel ${release()}, ${process.arch}, limits by ${sealed!.enforcedBy}; \`node scripts/measure-attack.ts\`.`,
    "A long answer is cut.",
    "",
    ...facts,
    "",
    "| row | seen in a sealed world | in the host's | verdicts |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function line(sealed: AttackRow, host: AttackRow): string {
  const [first, second] = [sealed, host].map(({ seen }) => shorten(seen));
  const verdicts = new Set([sealed.verdict, host.verdict]);
  const cells = [`\`${sealed.id}\``, first, first === second ? "the same" : second, [...verdicts].join(", ")];
  return `| ${cells.join(" | ")} |`;
}

function shorten(seen: string): string {
  const text = seen.replaceAll("|", "/");
  return text.length > seenMost ? `${text.slice(0, seenMost - 2)} …` : text;
}

const awake = setInterval(() => {}, 60_000);
try {
  const scorecards: Scorecard[] = [];
  for (const world of worlds) scorecards.push(await attack(world));
  const text = readFileSync(page, "utf8");
  writeFileSync(page, text.slice(0, text.indexOf(heading)) + render(scorecards));
  for (const { world, rows } of scorecards) {
    for (const { id, verdict, breaches } of rows) {
      if (verdict === "fail") process.stdout.write(`${world} ${id}: ${breaches.join("; ")}\n`);
    }
  }
  process.exitCode = scorecards.every(({ verdict }) => verdict === "pass") ? 0 : 1;
} finally {
  clearInterval(awake);
}
