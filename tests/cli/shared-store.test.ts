/* A store that belongs to somebody else: it is used as it is, and nothing is written to it. */
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { copyHome } from "./copy-home.ts";
import { Workplace } from "./sameseed.ts";

const work = new Workplace();
const home = work.path("home");
const place = work.path("place");
const nobody = 65_534;

beforeAll(() => {
  chmodSync(work.folder, 0o755);
  copyHome(home);
  mkdirSync(place);
  if (process.getuid?.() === 0) chownSync(place, nobody, nobody);
});

afterAll(() => work[Symbol.dispose]());

describe.skipIf(process.getuid?.() !== 0)("a second user of a store", () => {
  it("runs, also where the image's interpreter lies where this user cannot look", () => {
    const program = resolve(import.meta.dirname, "../../bin/sameseed.js");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program, "run", "CartPole-v1", "--seeds", "1..2", "--out", join(place, "run")],
      {
        cwd: place,
        uid: nobody,
        gid: nobody,
        encoding: "utf8",
        env: { PATH: "/usr/bin:/bin", HOME: place, SAMESEED_HOME: home, NO_COLOR: "1" },
      },
    );
    expect([status, stderr.replaceAll(/recording .*\n/g, "")]).toEqual([0, ""]);
    expect(stdout).toContain("2 rollouts: 2 terminated");
  });
});
