/* Lines of a process's bytes, however the bytes come. */
import fc from "fast-check";
import { expect, it } from "vitest";

import { linesOf } from "../../../src/server/doors/tensorlake/lines.ts";
import { OutputLog } from "../../../src/server/native/output-log.ts";
import type { ServedProcess } from "../../../src/server/native/sandbox-process.ts";

async function linesIn(output: OutputLog, streams: readonly ("stdout" | "stderr")[]): Promise<string[]> {
  const process = { output, startedAtMs: 0 } as unknown as ServedProcess;
  const lines: string[] = [];
  for await (const some of linesOf(process, { streams, discarded: new Set(), follow: false }))
    lines.push(...some.map(({ line }) => line));
  return lines;
}

it("are those of the whole text, cut at any byte, for each stream by itself", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "🙂", "\n", "\r", "\0"), maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(40), { maxLength: 8 }), async (said, cuts) => {
      const [output, bytes] = [new OutputLog(), Buffer.from(said)];
      const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted(
        (a, b) => a - b,
      );
      for (const [at, end] of ends.entries()) {
        output.push("stdout", bytes.subarray(ends[at - 1] ?? 0, end));
        output.push("stderr", Buffer.from("other\nnoise"));
      }
      const lines = said.split("\n");
      if (lines.at(-1) === "") lines.pop();
      // What has no newline yet is a line when nothing more comes.
      expect(await linesIn(output, ["stdout"])).toEqual(said.split("\n").slice(0, -1));
      output.end();
      expect(await linesIn(output, ["stdout"])).toEqual(lines);
      expect(await linesIn(output, ["stderr"])).toHaveLength(ends.length + 1);
    }),
    { numRuns: 300 },
  );
});
