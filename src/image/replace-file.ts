import { chmodSync, lstatSync, renameSync, writeFileSync } from "node:fs";

/** Gives a file of a tree other bytes. It is written beside it and put in its place: the old ones may be another image's too. */
export function replaceFile(file: string, content: Buffer): void {
  const { mode } = lstatSync(file);
  const beside = `${file}.new`;
  writeFileSync(beside, content);
  chmodSync(beside, mode & 0o7777);
  renameSync(beside, file);
}
