// `node scripts/mutate-wall.ts [ID...]`: takes each step of the wall out in turn, around sandboxes of each world, and says
// what gets through without it.
// Without ids, the table in docs/security/wall-mutations.md is written anew. Ends with 1 where a step proves nothing.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";

import { worlds } from "../tests/worlds.ts";
import { ImageCopy } from "../tests/security/walls/image-copy.ts";
import { judge, judgeIntact, type Judgement } from "../tests/security/walls/judge.ts";
import { mutationOf, mutations } from "../tests/security/walls/mutations.ts";
import { renderTable, type WorldJudgements } from "../tests/security/walls/render-table.ts";

const table = join(import.meta.dirname, "..", "docs", "security", "wall-mutations.md");

async function main(ids: readonly string[]): Promise<number> {
  const chosen = ids.length === 0 ? mutations : ids.map(mutationOf);
  const copy = ImageCopy.make();
  try {
    let failed = 0;
    for (const world of worlds) {
      const leaks = await judgeIntact(copy, world, chosen);
      for (const leak of leaks) process.stdout.write(`the intact wall, ${world}: ${leak}\n`);
      failed += leaks.length;
    }
    const judgements: WorldJudgements[] = [];
    for (const mutation of chosen) {
      const both: Judgement[] = [];
      // One after the other, so that a change of the native sources is compiled once.
      for (const world of worlds) {
        const judgement = await judge(copy, world, mutation);
        both.push(judgement);
        const seen = judgement.together ?? judgement.alone;
        process.stdout.write(`${judgement.outcome.padEnd(9)} ${world.padEnd(6)} ${mutation.id}: ${seen}\n`);
      }
      judgements.push(both as [Judgement, Judgement]);
    }
    failed += judgements.flat().filter(({ outcome }) => outcome === "unproven").length;
    if (ids.length === 0) writeFileSync(table, renderTable(judgements, facts()));
    process.stdout.write(
      `${judgements.length} steps taken out in ${worlds.length} worlds, ${failed} unproven\n`,
    );
    return failed === 0 ? 0 : 1;
  } finally {
    copy.remove();
  }
}

function facts(): { date: string; kernel: string; commit: string } {
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  const isClean = git("status", "--porcelain", "--", "native", "src", "tests/security") === "";
  const commit = git("rev-parse", "--short=12", "HEAD");
  return {
    date: new Date().toISOString().slice(0, 10),
    kernel: release(),
    commit: isClean ? commit : `${commit}, with changes that were not committed`,
  };
}

// Walls that die do not keep this process running, and waiting for their ends must.
const awake = setInterval(() => {}, 60_000);
try {
  process.exitCode = await main(process.argv.slice(2));
} finally {
  clearInterval(awake);
}
