import { sample } from "fast-check";

import { decodeCbor } from "../../src/model/cbor/decode.ts";
import type { CborValue } from "../../src/model/cbor/value.ts";
import { cborValue } from "../unit/model/cbor/cbor-values.ts";
import { encodeCbor } from "../unit/model/cbor/encode-cbor.ts";
import { describeValue } from "./decoders/describe-value.ts";
import { generateBytes } from "./decoders/generate-bytes.ts";
import { isPlain } from "./decoders/plain-values.ts";
import { PythonDecoder, type PythonVerdict } from "./decoders/python-decoder.ts";
import { mustHold, parseWith, type FuzzTarget } from "./fuzz-target.ts";
import { mutateBytes, SeededNumbers } from "./mutate-bytes.ts";

/* The two decoders of the canonical form, held against each other. */

const generated = Array.from({ length: 400 }, (_, seed) => generateBytes(new SeededNumbers(seed)));
const examples = [...sample(cborValue, { seed: 2, numRuns: 200 }).map(encodeCbor), ...generated];

/**
 * Decodes some bytes with both decoders in each profile; the profiles in which both take them.
 *
 * @throws where one takes what the other refuses, or takes it for another value
 */
export async function compareDecoders(python: Pick<PythonDecoder, "ask">, bytes: Buffer): Promise<string[]> {
  const said = await python.ask(bytes);
  const chain = decoded(bytes, false);
  const own = {
    chain,
    volatile: decoded(bytes, true),
    plain: chain !== undefined && isPlain(chain, bytes.length) ? chain : undefined,
  };
  const taken: string[] = [];
  for (const profile of ["chain", "volatile", "plain"] as const) {
    const differs = difference(profile, own[profile], said[profile]);
    mustHold(differs === undefined, `${bytes.toString("hex")} in profile ${profile}: ${differs}`);
    if (own[profile] !== undefined) taken.push(profile);
  }
  return taken;
}

function decoded(bytes: Buffer, opaque: boolean): CborValue | undefined {
  return parseWith(["protocol_broken"], () => decodeCbor(bytes, "protocol_broken", { opaque })).value;
}

function difference(
  profile: string,
  value: CborValue | undefined,
  verdict: PythonVerdict,
): string | undefined {
  if (verdict !== null && typeof verdict === "object") {
    // A record may hold what needs more memory than a test has; a policy's answer may not.
    const isExpected = profile !== "plain" && verdict.raised === "MemoryError";
    return isExpected ? undefined : `Python raised ${verdict.raised}`;
  }
  const description = value === undefined ? null : describeValue(value);
  return description === verdict ? undefined : `TypeScript has ${description}, Python ${verdict}`;
}

/** The target; it starts its Python process with the first case. */
export function makeDecoderTarget(): FuzzTarget {
  const python = new PythonDecoder();
  return {
    name: "both decoders",
    examples,
    cost: 10,
    close: () => python.close(),
    check: async (bytes, numbers) => {
      await compareDecoders(python, bytes);
      const fresh = generateBytes(numbers);
      await compareDecoders(python, fresh);
      await compareDecoders(python, mutateBytes([fresh], numbers));
    },
  };
}
