import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import { decodeCbor } from "../../src/model/cbor/decode.ts";
import { encodePlain } from "../../src/model/cbor/encode-plain.ts";
import { NdArray } from "../../src/model/cbor/ndarray.ts";
import { type ActionValue, float } from "../../src/model/cbor/typed-value.ts";
import { clientPython, type ClientPython } from "./python-client.ts";

/** Reads frames, `u32 length | bytes`; of each it writes whether it is taken, and what it is encoded to again. */
const program = `
import struct, sys
from sameseed._canonical.canonical import encode
from sameseed._canonical.canonical_decode import decode, DecodeError
data, at = sys.stdin.buffer.read(), 0
while at < len(data):
    (size,) = struct.unpack_from(">I", data, at)
    try:
        again = encode(decode(data[at + 4 : at + 4 + size]))
    except DecodeError:
        again = b""
    sys.stdout.buffer.write(struct.pack(">I", len(again)) + again)
    at += 4 + size
`;

let python: ClientPython;
beforeAll(async () => {
  python = await clientPython();
});

/** What Python makes of messages; an empty one is refused. */
async function through(messages: readonly Uint8Array[]): Promise<Buffer[]> {
  const framed = messages.flatMap((message) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(message.length);
    return [head, message];
  });
  const said = await python.run(["-c", program], { input: Buffer.concat(framed) });
  const answers: Buffer[] = [];
  for (let at = 0; at < said.length;) {
    const size = said.readUInt32BE(at);
    answers.push(said.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return answers;
}

const array = fc
  .tuple(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 3 }),
    fc.array(fc.double(), { minLength: 9, maxLength: 9 }),
  )
  .map(([rows, columns, numbers]) => {
    const data = Float64Array.from(numbers.slice(0, rows * columns));
    return new NdArray("float64", data, [rows, columns]);
  });
const { value: anything } = fc.letrec<{ value: ActionValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.integer() as fc.Arbitrary<ActionValue>,
    fc.bigInt() as fc.Arbitrary<ActionValue>,
    fc.double().map((number) => float(number) as unknown as ActionValue),
    fc.string({ unit: "grapheme" }) as fc.Arbitrary<ActionValue>,
    fc.boolean() as fc.Arbitrary<ActionValue>,
    fc.constant(null) as fc.Arbitrary<ActionValue>,
    fc.uint8Array() as fc.Arbitrary<ActionValue>,
    array as unknown as fc.Arbitrary<ActionValue>,
    fc.array(tie("value"), { maxLength: 4 }) as fc.Arbitrary<ActionValue>,
    fc.dictionary(fc.string(), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }) as fc.Arbitrary<ActionValue>,
  ),
}));

const isTaken = (message: Uint8Array): boolean => {
  try {
    decodeCbor(message, "protocol_broken");
    return true;
  } catch {
    return false;
  }
};

describe("the client's codec", () => {
  it("takes whatever the server's writes, and writes it again", async () => {
    const messages = fc.sample(anything, { numRuns: 800, seed: 12 }).map((value) => encodePlain(value));
    const again = await through(messages);
    expect(again).toHaveLength(messages.length);
    for (const [at, message] of messages.entries()) expect(again[at]!.equals(message)).toBe(true);
  });

  it("refuses what the server's refuses, and nothing else", async () => {
    const changed = fc
      .tuple(anything, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([value, at, byte]) => {
        const message = Uint8Array.from(encodePlain(value));
        message[at % message.length] = byte;
        return message;
      });
    const messages = fc.sample(changed, { numRuns: 1500, seed: 12 });
    const again = await through(messages);
    const taken = messages.map(isTaken);
    expect(again.map(({ length }) => length > 0)).toEqual(taken);
    expect(taken.filter((is) => !is).length).toBeGreaterThan(100);
    expect(taken.filter(Boolean).length).toBeGreaterThan(100);
  });
});
