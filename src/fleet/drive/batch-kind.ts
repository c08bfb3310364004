import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import { type FleetWork, type FleetWorkKind, malformedAnswer } from "../../rollout/rollout-fleet.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { type Answer, leafOfAnswer, readAnswer, saidBy } from "../answer.ts";
import { seedsOf } from "../chunk.ts";
import { type ChunkRecord, recordKey, type SecondOpinion } from "../commit.ts";
import { merkleRoot } from "../merkle.ts";
import { framesOf, packInMemory } from "../pack.ts";
import { type Finding, type Findings, readFindings } from "./compare-executions.ts";
import { readChunkRollouts } from "./read-chunk-rollouts.ts";

/** What a chunk holds, all of which was looked at. */
export interface ChunkContents<T> extends Iterable<T>, Disposable {
  readonly count: number;
}

/** What of a record its contents are found and checked by. */
export type RecordedChunk = Pick<ChunkRecord, "pack" | "seeds" | "spec" | "root">;

/** What the chunks of a batch hold, and what it means where two hosts do not give the same. */
export interface BatchKind<T> {
  /** @throws `run_damaged`, `io_failed`, `disk_full`; `protocol_broken` where its host gave something of another form */
  read(store: ObjectStore, record: RecordedChunk, key: string): Promise<ChunkContents<T>>;
  seedOf(item: T): number;
  /** What an execution found; undefined where its pack is missing, or not what it says. @throws `io_failed` */
  findings(store: ObjectStore, execution: ChunkRecord | SecondOpinion): Promise<Findings | undefined>;
  /**
   * Told where two executions differ, which is then all that comes of it: the code in question is a stranger's, and must neither
   * end the work of all others nor have a host quarantined. Without it, hosts that differ are judged.
   */
  readonly onDifference?: (record: ChunkRecord, hosts: readonly string[]) => void;
}

/** Chunks of rollouts. */
export const rolloutChunks: BatchKind<RecordedRollout> = {
  read: readChunkRollouts,
  seedOf: ({ summary }) => summary.seed,
  findings: readFindings,
};

/** Chunks of other work. */
export function answerChunks(
  { kind, items, isAnswer }: Pick<FleetWork, "kind" | "isAnswer"> & { readonly items: ArrayLike<unknown> },
  onDifference: NonNullable<BatchKind<Answer>["onDifference"]>,
): BatchKind<Answer> {
  const isItsAnswer = ({ at, answer }: Answer): boolean => at < items.length && isAnswer(answer, at);
  const read = async (store: ObjectStore, record: RecordedChunk, key: string): Promise<Answers> =>
    await readAnswers(kind, isItsAnswer, store, record, key);
  return {
    read,
    seedOf: ({ at }) => at,
    findings: async (store, { spec, seeds, root, pack }) => {
      if (pack === undefined) return undefined;
      try {
        using answers = await read(store, { spec, seeds, root, pack }, recordKey({ spec, seeds }));
        return new Map([...answers].flatMap((own) => findingOf(kind, spec, own)));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return undefined;
      }
    },
    onDifference,
  };
}

/** Whether an error says that what is in the store for a chunk cannot be taken. */
export function isRefusal(error: unknown): error is SameseedError {
  return isSameseedError(error) && (error.code === "run_damaged" || error.code === "protocol_broken");
}

type Answers = ChunkContents<Answer>;

function findingOf(kind: FleetWorkKind, spec: string, own: Answer): [number, Finding][] {
  if (saidBy(kind, own.answer) === undefined) return [];
  return [[own.at, { leaf: leafOfAnswer(kind, spec, own).toString("hex"), isClaimed: false }]];
}

/** As {@link readChunkRollouts}: the record, the pack's bytes, its items and the root over them must be what they say. */
async function readAnswers(
  kind: FleetWorkKind,
  isItsAnswer: (answer: Answer) => boolean,
  store: ObjectStore,
  { pack, seeds, spec, root }: RecordedChunk,
  key: string,
): Promise<Answers> {
  if (recordKey({ spec, seeds }) !== key) throw damaged("its record is about other items");
  const bytes = await store.get(pack.key);
  if (bytes === undefined) throw damaged("its pack is missing");
  const { digest, ...own } = packInMemory(bytes);
  if (digest !== pack.digest) throw damaged("its pack has other bytes");
  const answers: Answer[] = [];
  const expected = [...seedsOf(seeds)];
  for (const { row } of framesOf(own)) {
    const answer = readAnswer(row);
    if (answer?.at !== expected[answers.length]) throw damaged("it has other items");
    answers.push(answer!);
  }
  if (answers.length !== expected.length) throw damaged("items are missing");
  if (merkleRoot(answers.map((answer) => leafOfAnswer(kind, spec, answer))) !== root)
    throw damaged("its items do not have its root");
  if (!answers.every(isItsAnswer)) throw malformedAnswer(kind);
  return {
    count: answers.length,
    [Symbol.iterator]: () => answers.values(),
    [Symbol.dispose]: () => {},
  };
}

function damaged(what: string): SameseedError {
  return new SameseedError("run_damaged", `a chunk in the fleet's store is damaged: ${what}`, {
    hint: "it is done again by itself; where that goes on, check the store and the hosts",
  });
}
