import { setTimeout } from "node:timers/promises";

import { defaultLimits } from "../../../src/model/limits.ts";
import { runScript } from "../../../src/testing/contract-check.ts";
import { Canary, scan } from "./canary.ts";
import type { MutatedWall } from "./mutated-wall.ts";
import { rawSource, type Finding, type Probe } from "./probe.ts";

/*
 * What a slot knows of the sandbox before: each probe plants a canary through one of its ways, and looks for it in the
 * memory of the next sandbox, which the pool starts in the slot that was given back last.
 */

async function find(wall: MutatedWall, canary: Canary): Promise<Finding> {
  // The slot is given back a moment after its sandbox's end is known.
  await setTimeout(20);
  const { found } = await scan(wall, { canary }, { files: false });
  return { through: "canary" in found, seen: found["canary"]?.join(" ") ?? "nothing" };
}

/** The last output of the sandbox before. */
export const lastOutput: Probe = {
  name: "output of the sandbox before",
  run: async (wall) => {
    const canary = new Canary();
    await runScript(wall, `import os\nos.write(2, ${canary.expression()})`);
    return await find(wall, canary);
  },
};

/** The job of the sandbox before. */
export const lastJob: Probe = {
  name: "job of the sandbox before",
  run: async (wall) => {
    const canary = new Canary();
    // Beyond what the scanner's own job covers.
    await start(wall, "pass", Buffer.concat([Buffer.alloc(1 << 20), canary.bytes()]), false);
    return await find(wall, canary);
  },
};

/** Input that the sandbox before never took. */
export const lastInput: Probe = {
  name: "input the sandbox before did not take",
  run: async (wall) => {
    const canary = new Canary();
    // Far more than a socket holds, so that most of it waits in the slot.
    const input = Buffer.concat([Buffer.alloc(1 << 20), ...Array.from({ length: 64 }, () => canary.bytes())]);
    await start(wall, `${rawSource}\nwait_really(0.3)`, input, true);
    return await find(wall, canary);
  },
};

/** Runs a script with a file, or with input. */
async function start(wall: MutatedWall, source: string, data: Buffer, isInput: boolean): Promise<void> {
  const files = isInput ? [] : [{ path: "/tmp/file", data: new Uint8Array(data) }];
  const job = { entry: "script", name: "planter.py", source, files, env: {} } as const;
  const members = [{ job, limits: defaultLimits }];
  const [running] = await wall.start({ members, links: [], onOutput: () => {} });
  if (isInput) running!.send(data);
  await running!.ended;
}
