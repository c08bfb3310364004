/* Output in parts of any size is kept in few objects, and read as it came. */
import fc from "fast-check";
import { expect, it } from "vitest";

import type { OutputStream } from "../../src/server/native/output-block.ts";
import { OutputLog } from "../../src/server/native/output-log.ts";

/** A byte and its stream, as one text for each. */
async function readFrom(output: OutputLog, from: number): Promise<string[]> {
  const read: string[] = [];
  for await (const { stream, data } of output.read(from, false))
    for (const byte of data) read.push(`${stream} ${byte}`);
  return read;
}

it.each([
  ["one stream", (): OutputStream => "stdout"],
  ["both streams in turn", (at: number): OutputStream => (at % 2 === 0 ? "stdout" : "stderr")],
])("keeps many single bytes of %s in few objects", async (_, streamOf) => {
  const output = new OutputLog();
  const count = 50_000;
  for (let at = 0; at < count; at++) output.push(streamOf(at), Buffer.of(at % 251));
  expect(output.blocks).toBeLessThan(100);
  const wanted = Array.from({ length: count }, (__, at) => `${streamOf(at)} ${at % 251}`);
  for (const from of [0, 1, 16_383, 16_384, 40_001, count - 1, count])
    expect((await readFrom(output, from)).join() === wanted.slice(from).join()).toBe(true);
});

it("is read from any offset as it came, while more comes", async () => {
  const stream = fc.constantFrom<OutputStream>("stdout", "stderr");
  const part = fc.tuple(stream, fc.uint8Array({ maxLength: 80 }));
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 12 }), fc.nat(), async (parts, anywhere) => {
      const output = new OutputLog();
      const wanted = parts.flatMap(([name, bytes]) => [...bytes].map((byte) => `${name} ${byte}`));
      const followed: string[] = [];
      const following = (async () => {
        for await (const { stream: name, data } of output.read(0, true))
          followed.push(...[...data].map((byte) => `${name} ${byte}`));
      })();
      for (const [at, [name, bytes]] of parts.entries()) {
        output.push(name, Buffer.from(bytes));
        if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      output.end();
      await following;
      expect(followed).toEqual(wanted);
      const from = anywhere % (wanted.length + 1);
      expect(await readFrom(output, from)).toEqual(wanted.slice(from));
      for (const name of ["stdout", "stderr"] as const)
        expect(Array.from(Buffer.concat(output.parts(name)), (byte) => `${name} ${byte}`)).toEqual(
          wanted.filter((told) => told.startsWith(name)),
        );
    }),
    { numRuns: 200 },
  );
});
