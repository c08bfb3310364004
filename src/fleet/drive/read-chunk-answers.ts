import { constants } from "node:buffer";

import { type FleetWorkKind, malformedAnswer } from "../../rollout/rollout-fleet.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { type Answer, leafOfAnswer, readAnswer } from "../answer.ts";
import { seedCount, seedsOf } from "../chunk.ts";
import { recordKey } from "../commit.ts";
import { merkleRoot } from "../merkle.ts";
import { framesOf, type PackBytes } from "../pack.ts";
import type { ChunkContents, RecordedChunk } from "./batch-kind.ts";
import { chunkDamaged, readPack } from "./read-pack.ts";

/** What an answer may take, in bytes: one text, which a host could not have made either. */
const answerMost = constants.MAX_STRING_LENGTH;

/** How answers are read. */
export interface AnswerReading {
  readonly kind: FleetWorkKind;
  /** Whether an answer is of the form that its item's must have. */
  readonly isItsAnswer: (answer: Answer) => boolean;
  /** Packs up to this size are in memory, larger ones files meanwhile. @default 4 MiB */
  readonly inMemoryBytes?: number | undefined;
}

/**
 * The answers of a chunk that is done: the record, the pack's bytes, its items and the root over them must be what they say. Of a pack
 * that is a file, one answer is in memory at a time.
 * @throws `run_damaged`, `io_failed`, `disk_full`; `protocol_broken` where an answer is of another form
 */
export async function readChunkAnswers(
  { kind, isItsAnswer, inMemoryBytes }: AnswerReading,
  store: ObjectStore,
  { pack, seeds, spec, root }: RecordedChunk,
  key: string,
): Promise<ChunkContents<Answer>> {
  if (recordKey({ spec, seeds }) !== key) throw chunkDamaged("its record is about other items");
  return await readPack(store, pack, inMemoryBytes, (bytes) => {
    const expected = seedsOf(seeds);
    const leaves: Buffer[] = [];
    let areItsAnswers = true;
    for (const answer of answersOf(bytes)) {
      if (answer.at !== expected.next().value) throw chunkDamaged("it has other items");
      leaves.push(leafOfAnswer(kind, spec, answer));
      areItsAnswers &&= isItsAnswer(answer);
    }
    if (leaves.length !== seedCount(seeds)) throw chunkDamaged("items are missing");
    if (merkleRoot(leaves) !== root) throw chunkDamaged("its items do not have its root");
    if (!areItsAnswers) throw malformedAnswer(kind);
    return {
      count: leaves.length,
      [Symbol.iterator]: () => answersOf(bytes),
      [Symbol.dispose]: () => bytes[Symbol.dispose](),
    };
  });
}

function* answersOf(pack: PackBytes): Generator<Answer, undefined> {
  for (const { row } of framesOf(pack, answerMost)) {
    const answer = readAnswer(row);
    if (answer === undefined) throw chunkDamaged("it has other items");
    yield answer;
  }
}
