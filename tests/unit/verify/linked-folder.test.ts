/* A run folder from elsewhere may hold a link where something is to be written: nothing is written where it leads. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { writeMadeAgain } from "../../../src/store/made-again.ts";
import { runPaths } from "../../../src/store/run-folder.ts";
import { type PictureList, picturesPath, writePictures } from "../../../src/verify/pictures/picture-file.ts";
import { stdioPath, writeStdio } from "../../../src/verify/stdio/stdio-file.ts";
import { keptStdio } from "./kept-stdio.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-linked-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const list = { format: 1, pictures: [] } as unknown as PictureList;
const writers: Readonly<Record<string, (dir: string) => void>> = {
  stdio: (dir) => writeStdio(stdioPath(dir, 1), keptStdio("r")),
  pictures: (dir) => writePictures(picturesPath(dir, 1), list, []),
  "made-again": (dir) => writeMadeAgain(runPaths(dir), 1, Buffer.from("SSTRAJ1\n")),
};

it.each(Object.entries(writers))(
  "writes %s into a folder of the run's own, and through no link",
  (name, write) => {
    const [own, linked, file, elsewhere] = ["own", "linked", "file", "elsewhere"].map((last) => {
      const path = join(folder, name, last);
      mkdirSync(path, { recursive: true });
      return path;
    }) as [string, string, string, string];
    write(own);
    write(own);
    expect(readdirSync(join(own, name))).toHaveLength(1);

    symlinkSync(elsewhere, join(linked, name));
    writeFileSync(join(file, name), "");
    const damaged = expect.objectContaining({ code: "run_damaged" }) as Error;
    expect(() => write(linked)).toThrow(damaged);
    expect(() => write(file)).toThrow(damaged);
    expect(readdirSync(elsewhere)).toEqual([]);
  },
);

it("makes no folder where a link to nothing leads", () => {
  const dir = join(folder, "dangling");
  mkdirSync(dir);
  symlinkSync(join(folder, "nowhere"), join(dir, "stdio"));
  expect(() => writers["stdio"]!(dir)).toThrow(/symbolic link/);
  expect(readdirSync(folder)).not.toContain("nowhere");
});
