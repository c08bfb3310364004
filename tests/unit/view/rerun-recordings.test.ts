import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";

import { RunReader } from "../../../src/store/run-reader.ts";
import { picturesPath, writePictures } from "../../../src/verify/pictures/picture-file.ts";
import { stdioPath, writeStdio } from "../../../src/verify/stdio/stdio-file.ts";
import { rerunRecordings } from "../../../src/view/rerun-recordings.ts";
import { keptStdio } from "../verify/kept-stdio.ts";
import { textPictures } from "../verify/text-pictures.ts";
import { Folder } from "./recorded-folder.ts";

it("plays no more rollouts again than were named, or are few", async () => {
  using folder = new Folder();
  await folder.run("a", 20);
  await expect(
    rerunRecordings([folder.path], { makes: ["pictures"], onNote: () => {} }),
  ).rejects.toMatchObject({
    code: "bad_argument",
    message: expect.stringContaining("20 rollouts") as string,
    hint: expect.stringContaining("--seeds") as string,
  });
});

it("leaves pictures as they are where they are of this very rollout", async () => {
  using folder = new Folder();
  const dir = await folder.run("a", 20);
  using reader = await RunReader.open(dir);
  const path = picturesPath(dir, 3);
  const notes: string[] = [];
  const options = {
    makes: ["pictures"] as const,
    chosen: { seeds: [3, 99] },
    onNote: (text: string) => void notes.push(text),
  };
  writePictures(path, textPictures(reader.row(3).digest, []), []);
  await rerunRecordings([folder.path], options);
  expect(notes).toEqual([]);
  // Those of another rollout are made anew, which the made-up run's image cannot do.
  writePictures(path, textPictures("sha256:other", []), []);
  await expect(rerunRecordings([folder.path], options)).rejects.toThrow();
});

it("leaves what a rollout wrote as it is where it is of this very rollout", async () => {
  using folder = new Folder();
  const dir = await folder.run("a", 5);
  using reader = await RunReader.open(dir);
  const notes: string[] = [];
  const options = {
    makes: ["stdio"] as const,
    chosen: { seeds: [3] },
    onNote: (text: string) => void notes.push(text),
  };
  writeStdio(stdioPath(dir, 3), keptStdio(reader.row(3).digest));
  await rerunRecordings([folder.path], options);
  expect(notes).toEqual([]);
  writeStdio(stdioPath(dir, 3), keptStdio("sha256:other"));
  await expect(rerunRecordings([folder.path], options)).rejects.toThrow();
  writeFileSync(stdioPath(dir, 3), "no JSON");
  await expect(rerunRecordings([folder.path], options)).rejects.toThrow();
});
