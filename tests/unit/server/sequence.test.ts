import { expect, it } from "vitest";

import { encodePlain } from "../../../src/model/cbor/encode-plain.ts";
import { Sequence } from "../../../src/server/native/stepping/sequence.ts";

const request = (id: number, bytes: number, fill = 0): Uint8Array =>
  encodePlain({ id, op: "step", seq: 1, action: Buffer.alloc(bytes, fill) });

it.each([100, 1_000_000])(
  "gives the answer of the same request of %d bytes again, and keeps little of it",
  async (bytes) => {
    const sequence = new Sequence();
    let times = 0;
    const work = async (): Promise<Uint8Array> => await Promise.resolve(Buffer.from([++times]));
    const answer = await sequence.run(1, request(7, bytes), work);
    expect(sequence.requestBytes).toBeLessThan(200);
    // A longer id makes a longer message.
    expect(await sequence.run(1, request(70_000, bytes), work)).toBe(answer);
    await expect(sequence.run(1, request(8, bytes, 1), work)).rejects.toMatchObject({ code: "key_reused" });
    await expect(sequence.run(1, request(8, 3), work)).rejects.toMatchObject({ code: "key_reused" });
    expect(times).toBe(1);
  },
);
