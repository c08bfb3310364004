/*
 * A folder of scores: `score.json` says what it is, `tasks.jsonl` and `completions.jsonl` hold what was scored, and
 * `results.ndjson` one result a line, in the order they were there. A line that a crash cut short is dropped when the folder
 * is opened again; every other line stands.
 */
import { appendFileSync, existsSync, truncateSync } from "node:fs";
import { constants } from "node:buffer";
import { join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { digestOf } from "../../base/digest.ts";
import { SameseedError, toError } from "../../base/error.ts";
import { makeFolders } from "../../base/make-folders.ts";
import type { ScoreItem, ScoreResult, ScoreTask } from "../../model/score.ts";
import { readRegular } from "../../store/run-folder.ts";
import { acquireRunLock, type RunLock } from "../../store/run-lock.ts";
import { parseJsonLines } from "../read/json-lines.ts";
import { canonicalJson } from "../score-digest.ts";
import { scoreSchema } from "../score-schema.ts";
import { checkItem, checkTask } from "../task-schema.ts";

const headName = "score.json";
const tasksName = "tasks.jsonl";
const completionsName = "completions.jsonl";
const resultsName = "results.ndjson";
const format = 1;

const headSchema = z.object({
  format: z.literal(format),
  digest: z.string(),
  items: z.int(),
  /** Digests of the images by the names the tasks have for them. */
  images: z.record(z.string(), z.string()),
});

/** What `score.json` holds. */
export interface ScoreHead {
  /** Of tasks and completions together. */
  readonly digest: string;
  readonly items: number;
  readonly images: Readonly<Record<string, string>>;
}

/** Whether a folder holds scores. */
export function isScoreFolder(dir: string): boolean {
  return existsSync(join(dir, headName));
}

/** What a folder of scores holds. */
export interface RecordedScores {
  readonly head: ScoreHead;
  readonly items: readonly ScoreItem[];
  /** The last result of each item, by its id. */
  readonly results: ReadonlyMap<string, ScoreResult>;
}

/**
 * Reads a folder of scores: what was scored, and the results that are there.
 * @throws `run_missing` where it is none, `run_damaged` where it is not as it was written
 * @experimental
 */
export function readScores(dir: string): RecordedScores {
  if (!isScoreFolder(dir)) throw new SameseedError("run_missing", `${dir} holds no scores`);
  try {
    const head = headSchema.parse(JSON.parse(textOf(dir, headName)));
    const tasksText = textOf(dir, tasksName);
    const completionsText = textOf(dir, completionsName);
    if (inputsDigest(tasksText, completionsText) !== head.digest)
      throw new Error("tasks or completions are not those that were recorded");
    const tasks = parseJsonLines(tasksText, tasksName).map(({ row }) => checkTask(row, "a task"));
    const known = new Map(tasks.map((task) => [task.id, task]));
    const items = parseJsonLines(completionsText, completionsName).map(({ row: { task, ...item } }) => {
      const found = known.get(String(task));
      if (found === undefined) throw new Error(`there is no task ${String(task)}`);
      return { ...checkItem(item, "a completion"), task: found };
    });
    return { head, items, results: readResults(dir) };
  } catch (error) {
    throw new SameseedError("run_damaged", `the scores in ${dir} are damaged: ${toError(error).message}`, {
      cause: error,
    });
  }
}

/** A folder of scores that is written to. */
export class ScoreWriter implements Disposable {
  /** The results that are there already. */
  readonly recorded: ReadonlyMap<string, ScoreResult>;
  readonly #path: string;
  readonly #lock: RunLock;

  private constructor(dir: string, lock: RunLock) {
    this.#path = join(dir, resultsName);
    this.#lock = lock;
    dropPart(this.#path);
    this.recorded = readResults(dir);
  }

  /**
   * Makes a folder, or opens one to go on with it.
   * @throws `run_exists`, `run_differs`, `run_locked`, `io_failed`
   */
  static open(
    dir: string,
    items: readonly ScoreItem[],
    { resume, images }: { readonly resume: boolean; readonly images: Readonly<Record<string, string>> },
  ): ScoreWriter {
    const tasks = [...new Map(items.map(({ task }) => [task.id, task])).values()];
    const tasksText = tasks.map((task) => `${canonicalJson(task satisfies ScoreTask)}\n`).join("");
    const completionsText = items
      .map((item) => `${canonicalJson({ ...item, task: item.task.id })}\n`)
      .join("");
    const digest = inputsDigest(tasksText, completionsText);
    const exists = isScoreFolder(dir);
    if (exists && !resume)
      throw new SameseedError("run_exists", `${dir} holds scores already`, {
        hint: "add --resume to go on with them, or name another folder",
      });
    try {
      makeFolders(dir, 0o700);
    } catch (error) {
      throw new SameseedError("io_failed", `${dir} cannot be made: ${toError(error).message}`, {
        cause: error,
      });
    }
    const lock = acquireRunLock(join(dir, "lock"));
    try {
      if (exists && readScores(dir).head.digest !== digest)
        throw new SameseedError("run_differs", `${dir} holds scores of other tasks or completions`, {
          hint: "name another folder with --out",
        });
      if (!exists) {
        writeFileAtomic(join(dir, tasksName), tasksText);
        writeFileAtomic(join(dir, completionsName), completionsText);
        writeFileAtomic(join(dir, resultsName), "");
        const head = { format, digest, items: items.length, images };
        writeFileAtomic(join(dir, headName), `${JSON.stringify(head, undefined, 2)}\n`);
      }
      return new ScoreWriter(dir, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Adds a result. @throws `io_failed` */
  add(result: ScoreResult): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify(result)}\n`);
    } catch (error) {
      throw new SameseedError("io_failed", `a score cannot be written: ${toError(error).message}`, {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#lock.release();
  }
}

function inputsDigest(tasks: string, completions: string): string {
  return digestOf(`sameseed/scores/1\n${Buffer.byteLength(tasks)}\n${tasks}${completions}`);
}

/** A file of the folder's own: no link to one that lies elsewhere. @throws `run_damaged` */
function textOf(dir: string, name: string): string {
  return readRegular(join(dir, name), constants.MAX_LENGTH).toString();
}

function readResults(dir: string): Map<string, ScoreResult> {
  const lines = textOf(dir, resultsName).split("\n");
  const results = new Map<string, ScoreResult>();
  // What follows the last line feed was cut short.
  for (const line of lines.slice(0, -1)) {
    const result = scoreSchema.safeParse(JSON.parse(line));
    if (!result.success) throw new Error(`a line of ${resultsName} is no score`);
    results.set(result.data.id, result.data);
  }
  return results;
}

function dropPart(path: string): void {
  const bytes = readRegular(path, constants.MAX_LENGTH);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(path, end);
}
