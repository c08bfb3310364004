// `node scripts/measure-covert.ts [NAME...]`: how much of a message of 1,024 bits goes through each covert channel, between
// two plain processes and between two sandboxes of each world. Without names, docs/security/covert-channels.md is written anew.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg, release } from "node:os";
import { join } from "node:path";

import { findPython } from "../src/image/find-python.ts";
import { closedChannels, openChannels, type Channel } from "../tests/security/covert/channels.ts";
import {
  bitCount,
  canExist,
  measureProcesses,
  measureSandboxes,
  prepareTree,
  type SharedTree,
} from "../tests/security/covert/measure.ts";
import { measureReuse, measureSuccession, successions } from "../tests/security/covert/succession.ts";
import { worlds } from "../tests/worlds.ts";
import { ImageCopy } from "../tests/security/walls/image-copy.ts";
import { MutatedWall } from "../tests/security/walls/mutated-wall.ts";

const page = join(import.meta.dirname, "..", "docs", "security", "covert-channels.md");

interface Row {
  readonly name: string;
  readonly isClosed: boolean;
  readonly cells: readonly string[];
}

async function measure(walls: readonly MutatedWall[], tree: SharedTree, channel: Channel): Promise<Row> {
  const isClosed = closedChannels.includes(channel);
  // A reader that is wrong most of the time knows as much as one that is right; closed channels may be neither.
  const known = (share: number): string => percent(isClosed ? share : Math.max(share, 1 - share));
  const plain = canExist(tree, channel) ? known(await measureProcesses(tree, channel)) : "not on this host";
  const walled: string[] = [];
  for (const wall of walls) {
    const began = performance.now();
    const share = known(await measureSandboxes(wall, tree, channel));
    const rate = bitCount / ((performance.now() - began) / 1000);
    walled.push(isClosed ? share : `${share}, ${rate.toFixed(0)} bits/s`);
  }
  return { name: channel.name, isClosed, cells: [plain, ...walled] };
}

async function measureAll(names: readonly string[]): Promise<Row[]> {
  const copy = ImageCopy.make();
  const tree = { rootfs: copy.image.rootfs, python: (await findPython()).executable };
  prepareTree(tree);
  const walls: MutatedWall[] = [];
  const rows: Row[] = [];
  const tell = (row: Row): void => {
    rows.push(row);
    process.stdout.write(`${row.name.padEnd(44)} ${row.cells.join("  ")}\n`);
  };
  try {
    for (const world of worlds) walls.push(await MutatedWall.start(copy, world));
    const wanted = (name: string): boolean => names.length === 0 || names.some((each) => name.includes(each));
    for (const channel of [...closedChannels, ...openChannels]) {
      if (wanted(channel.name)) tell(await measure(walls, tree, channel));
    }
    for (const kind of successions.filter(wanted)) {
      const cells = [percent(measureReuse(tree.python, kind))];
      for (const wall of walls) {
        const same = percent(await measureSuccession(wall, kind, "same slot"));
        const other = percent(await measureSuccession(wall, kind, "other slot"));
        cells.push(`${same} / ${other}`);
      }
      tell({ name: `left in ${kind}: same slot / other slot`, isClosed: true, cells });
    }
  } finally {
    for (const wall of walls) await wall.close();
    copy.remove();
  }
  return rows;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function render(rows: readonly Row[]): string {
  const commit = execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { encoding: "utf8" }).trim();
  const line = ({ name, cells }: Row): string => `| ${[name, ...cells].join(" | ")} |`;
  return `${[
    "# Covert channels",
    "",
    "A writer and a reader in two sandboxes try to transfer 1,024 fixed bits, synchronised by a clock that the host provides. 50 %",
    "is the expected share of correct bits without a channel. The control is the same pair as two plain processes of one user; for",
    "data left behind, it is one process that runs both in turn. In the control the bits must arrive.",
    "",
    `Last run: ${new Date().toISOString().slice(0, 10)}, kernel ${release()}, ${availableParallelism()} processors with a load of ${loadavg()[1]!.toFixed(0)}, after commit ${commit}; \`npm run covert\`.`,
    "",
    "## Closed",
    "",
    "| channel | plain processes | sealed sandboxes | sandboxes in the host's world |",
    "|---|---|---|---|",
    ...rows.filter(({ isClosed }) => isClosed).map(line),
    "",
    "## Open",
    "",
    "Channels that a shared kernel and processor leave open; `SECURITY.md` says why. The speeds are not upper bounds. Time is read with the",
    "processor's own instruction, which a sealed world cannot take away.",
    "",
    "| channel | plain processes | sealed sandboxes | sandboxes in the host's world |",
    "|---|---|---|---|",
    ...rows.filter(({ isClosed }) => !isClosed).map(line),
  ].join("\n")}\n`;
}

const awake = setInterval(() => {}, 60_000);
try {
  const names = process.argv.slice(2);
  const rows = await measureAll(names);
  if (names.length === 0) writeFileSync(page, render(rows));
} finally {
  clearInterval(awake);
}
