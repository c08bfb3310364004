import { PassThrough } from "node:stream";
import { expect, it } from "vitest";

import { LineReader } from "../../../../src/cli/play/line-reader.ts";

async function linesOf(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const reader = new LineReader(stream, new AbortController().signal);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  const lines = [];
  for (let line = await reader.next(); line !== undefined; line = await reader.next()) lines.push(line);
  return lines;
}

it("gives lines however they arrive, and a last one without its end", async () => {
  expect(await linesOf(["4\n", "ba", "ck\n\n0\r\n8"])).toEqual(["4", "back", "", "0\r", "8"]);
  expect(await linesOf([])).toEqual([]);
});

it("puts characters together that were cut in two", async () => {
  const [first, second] = [Buffer.from("né\n").subarray(0, 2), Buffer.from("né\n").subarray(2)];
  expect(await linesOf([first, second])).toEqual(["né"]);
});

it("keeps of an endless line the beginning, and reads on behind it", async () => {
  const lines = await linesOf([...Array.from({ length: 64 }, () => "x".repeat(65_536)), "\n4\n"]);
  expect(lines.map((line) => line.length)).toEqual([4096, 1]);
  expect(lines[1]).toBe("4");
});

it("stops waiting when it is interrupted", async () => {
  const controller = new AbortController();
  const reader = new LineReader(new PassThrough(), controller.signal);
  const waiting = reader.next();
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "aborted" });
});
