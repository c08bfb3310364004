/*
 * A page with the recordings in it. It holds the very documents that the server answers, gzipped in base64, so that nothing of
 * a document is ever markup; and for each record the whole values, which the server gives one by one.
 */
import { gzipSync } from "node:zlib";

import { SameseedError } from "../base/error.ts";
import { fieldSpans } from "../model/cbor/field-spans.ts";
import {
  hexBytesMost,
  otherSuffix,
  type RolloutDocument,
  type RunDocument,
  rowsPerChunk,
  stepsPerChunk,
  type ValueDocument,
} from "./documents.ts";
import { Choice, type Chosen } from "./choice.ts";
import { readScores } from "../judge/record/score-folder.ts";
import { Library, type Recording } from "./library.ts";
import { OpenRuns } from "./open-runs.ts";
import { filePage, viewerAssets } from "./page.ts";
import { documentPath, readViewDocument } from "./read-document.ts";
import { picturesPerChunk } from "./shown-pictures.ts";
import { valueDocument } from "./rollout-documents.ts";

/** What goes into a page. */
export interface PageOptions {
  /** The rollouts whose steps are in it. @default all */
  readonly chosen?: Chosen;
  /** The most bytes a page may have. @default 64 MiB */
  readonly bytesMost?: number;
}

const bytesMostDefault = 64 * 1024 * 1024;
/** The most pairs of rollouts of a run that are compared in a page. */
const pairsMost = 66;
/** Up to so many named rollouts are compared each with each. */
const namedPairsMost = 12;

/**
 * Makes a page of a folder: its parts, to be written one after the other.
 * @throws SameseedError `run_missing`, `run_damaged`, `tool_missing`; `bad_argument` where it would be larger than a page may be
 */
export async function exportPage(folder: string, options: PageOptions = {}): Promise<string[]> {
  using runs = new OpenRuns(new Library([folder]));
  const recordings = runs.library.list();
  if (recordings.length === 0)
    throw new SameseedError("run_missing", `${folder} holds no recording`, {
      hint: "name a folder that `sameseed run`, `compare`, `league` or `score` has written",
    });
  const builder = new PageBuilder(runs, options);
  await builder.add("library");
  for (const recording of recordings) await builder.addRecording(recording);
  builder.choice.checkMet();
  return filePage(viewerAssets(), builder.documents);
}

class PageBuilder {
  readonly documents = new Map<string, string>();
  readonly choice: Choice;
  readonly #runs: OpenRuns;
  readonly #options: PageOptions;
  #bytes = 0;

  constructor(runs: OpenRuns, options: PageOptions) {
    this.#runs = runs;
    this.#options = options;
    this.choice = new Choice(options.chosen ?? {});
  }

  async add(path: string): Promise<object> {
    const document = await readViewDocument(this.#runs, path, { served: false });
    this.#keep(path, document);
    return document;
  }

  async addRecording({ id, kind, dir }: Recording): Promise<void> {
    if (kind === "run") return await this.#addRun(id);
    await this.add(documentPath(kind, id));
    if (kind !== "scores") return;
    for (const item of readScores(dir).items) await this.add(documentPath("score", id, item.id ?? ""));
  }

  async #addRun(id: string): Promise<void> {
    const run = (await this.add(documentPath("run", id))) as RunDocument;
    await this.add(documentPath("tree", id));
    if (run.audit !== null) await this.add(documentPath("audit", id));
    if (run.keys.length > 0) await this.add(documentPath("slowest", id));
    for (let chunk = 0; chunk * rowsPerChunk < run.keys.length; chunk++)
      await this.add(documentPath("rows", id, chunk));
    const { spec } = (await this.#runs.open(id)).reader.manifest;
    const chosen = run.keys.filter((key) => this.choice.has(spec, key));
    const diverged =
      "diverged" in run.verdict ? run.verdict.diverged.filter(({ kept }) => kept).map(({ key }) => key) : [];
    for (const key of chosen) {
      await this.#addRollout(id, String(key));
      if (!diverged.includes(key)) continue;
      await this.#addRollout(id, `${key}${otherSuffix}`);
      await this.add(documentPath("diff", id, key, id, `${key}${otherSuffix}`));
    }
    const areFew = this.choice.isNamed && chosen.length <= namedPairsMost;
    await this.#addPairs(id, chosen, run.branch !== undefined || areFew);
  }

  /** Branches of one state and a few that were named with each other; else each rollout with the next one. */
  async #addPairs(id: string, keys: readonly number[], withAll: boolean): Promise<void> {
    let pairs = 0;
    for (const [at, key] of keys.entries())
      for (const other of withAll ? keys.slice(at + 1) : keys.slice(at + 1, at + 2)) {
        if (pairs++ >= pairsMost) return;
        await this.add(documentPath("diff", id, key, id, other));
        if (withAll) await this.add(documentPath("diff", id, other, id, key));
      }
  }

  async #addRollout(id: string, name: string): Promise<void> {
    const { pictures, hasStdio } = (await this.add(documentPath("rollout", id, name))) as RolloutDocument;
    for (const kind of ["series", "script", ...(hasStdio ? ["stdio"] : [])])
      await this.add(documentPath(kind, id, name));
    for (let chunk = 0; chunk * picturesPerChunk < (pictures?.steps.length ?? 0); chunk++)
      await this.add(documentPath("pictures", id, name, chunk));
    const rollout = await this.#runs.rollout(id, name);
    const { records, first } = rollout.chain;
    for (let chunk = 0; chunk * stepsPerChunk < records.length; chunk++) {
      await this.add(documentPath("steps", id, name, chunk));
      const values: Record<string, ValueDocument> = {};
      for (let at = chunk * stepsPerChunk; at < Math.min((chunk + 1) * stepsPerChunk, records.length); at++)
        for (const { name: field, start, end } of fieldSpans(records[at]!, "run_damaged"))
          if (field !== "k")
            values[`${first + at}/${field}`] = boundedValue(
              valueDocument(rollout, first + at, field),
              end - start,
            );
      this.#keep(documentPath("values", id, name, chunk), values);
    }
  }

  #keep(path: string, document: object): void {
    const base64 = gzipSync(JSON.stringify(document)).toString("base64");
    this.#bytes += base64.length + path.length;
    const most = this.#options.bytesMost ?? bytesMostDefault;
    if (this.#bytes > most)
      throw new SameseedError(
        "bad_argument",
        `the page would have more than ${Math.round(most / 1024 / 1024)} MiB`,
        {
          hint: "choose what goes into it: --seeds 42..45 for rollouts of a run, --branch 3 for branches",
          context: { bytesMost: most },
        },
      );
    this.documents.set(path, base64);
  }
}

/** Pictures and JSON of a large value are one and the same bytes twice: a page carries the one with which both can be drawn. */
function boundedValue(value: ValueDocument, bytes: number): ValueDocument {
  return value.array === undefined || bytes <= hexBytesMost ? value : { ...value, value: null };
}
