import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { SameseedError } from "../../base/error.ts";
import { makeFolders, missingFolders } from "../../base/make-folders.ts";
import { isComplete } from "../../model/outcome.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import { readSpaces } from "../../model/spaces.ts";
import type { CborValue } from "../../model/cbor/value.ts";
import type { TrajectoryRecord } from "../../model/trajectory.ts";
import { decodeEnd } from "../../trajectory/records.ts";
import { framesOf } from "../../trajectory/trajectory-blob.ts";
import { chainOf } from "../../trajectory/trajectory-chain.ts";
import { Trajectory } from "../../trajectory/trajectory.ts";
import type { RunReader } from "../run-reader.ts";
import { outputError } from "../store-error.ts";
import type { Column } from "./arrow-schema.ts";
import { type Cell, cellOf, type ColumnKind } from "./column.ts";
import { fitsMinari, minariSpace } from "./minari-space.ts";
import { removeEmpty } from "./new-file.ts";
import { rolloutsDigest, writeParquet } from "./parquet-export.ts";

/*
 * A dataset of Minari's in its Parquet form: `data/metadata.json`, and for each episode a folder with one file of its steps. Steps have
 * as many rows as observations, so actions, rewards and flags of the last row are padding, which the loader leaves out.
 */

/** The version whose form is written. Earlier ones would take arrays that are pictures for JPEG. */
const minariVersion = "0.5.4";
/** Minari's loader takes the first batch of an episode for all of it, and pyarrow's batches have so many rows. */
const mostRows = 131_072;
/** The numbers that an episode's observations or actions may have: they are in memory together, at some 80 bytes each. */
const mostNumbers = 2 ** 24;
/** What Minari takes for the name of a dataset, without a namespace. */
const namePattern = /^[\w.-]*\w-v\d+$/;

/** What was written. */
export interface MinariDataset {
  /** The name that `minari.load_dataset` takes. */
  readonly id: string;
  readonly episodes: number;
  readonly steps: number;
  /** Rollouts that are left out: they were no complete episode. */
  readonly leftOut: number;
}

/**
 * Writes a run's complete episodes as a dataset that `minari.load_dataset` reads. The same rollouts give the same bytes under the
 * same name.
 * @param path a folder that must not exist, of the dataset's name: below `MINARI_DATASETS_PATH` it is found by it
 * @throws `bad_argument` where Minari has no form for it, `run_damaged`, `run_missing`, `io_failed`, `disk_full`
 */
export async function exportMinari(reader: RunReader, path: string): Promise<MinariDataset> {
  const place = resolve(path);
  const id = checkName(basename(place));
  if (reader.manifest.spec.seats.length > 1)
    throw new SameseedError("bad_argument", "a dataset of Minari's has one agent, and the run has several", {
      hint: "export the steps as parquet or jsonl",
    });
  if (existsSync(place)) throw outputError(Object.assign(new Error("exists"), { code: "EEXIST" }), path);
  const made = missingFolders(dirname(place));
  const making = join(dirname(place), `.${id}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    makeFolders(join(making, "data"));
    const written = await new Dataset(reader, join(making, "data"), id).write();
    renameSync(making, place);
    return written;
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    removeEmpty(made);
    throw outputError(error, path);
  }
}

function checkName(name: string): string {
  if (namePattern.test(name)) return name;
  throw new SameseedError(
    "bad_argument",
    `${JSON.stringify(name)} is not the name of a dataset of Minari's`,
    {
      hint: "let the folder's name end in a version, such as cartpole-v0",
    },
  );
}

/** The columns that depend on the environment, and what its spaces are. */
interface Form {
  readonly observation: ColumnKind;
  readonly action: ColumnKind;
  readonly spaces: { readonly observation_space: string; readonly action_space: string };
}

class Dataset {
  readonly #reader: RunReader;
  readonly #folder: string;
  readonly #id: string;
  #form: Form | undefined;
  #steps = 0;

  constructor(reader: RunReader, folder: string, id: string) {
    this.#reader = reader;
    this.#folder = folder;
    this.#id = id;
  }

  async write(): Promise<MinariDataset> {
    let [episodes, leftOut] = [0, 0];
    for (const summary of this.#reader.rows()) {
      if (isComplete(summary.outcome) && summary.steps > 0) await this.#writeEpisode(summary, episodes++);
      else leftOut++;
    }
    if (this.#form === undefined)
      throw new SameseedError(
        "bad_argument",
        "the run has no complete episode, and Minari's datasets have no others",
        {
          hint: "export the steps as parquet or jsonl",
        },
      );
    const metadata = {
      total_episodes: episodes,
      total_steps: this.#steps,
      data_format: "parquet",
      // Pictures as they are: JPEG would change them.
      jpeg_encoding: false,
      ...this.#form.spaces,
      dataset_id: this.#id,
      minari_version: minariVersion,
      sameseed_rollouts: rolloutsDigest(this.#reader),
      dataset_size: Math.round(bytesIn(this.#folder) / 100_000) / 10,
    };
    writeFileSync(join(this.#folder, "metadata.json"), `${JSON.stringify(metadata, null, 2)}\n`);
    return { id: this.#id, episodes, steps: this.#steps, leftOut };
  }

  async #writeEpisode(
    { seed, branch, digest, steps, outcome }: RolloutSummary,
    number: number,
  ): Promise<void> {
    if (steps >= mostRows)
      throw new SameseedError(
        "bad_argument",
        `seed ${seed} has ${steps} steps; Minari's loader reads ${mostRows - 1}`,
        {
          hint: "export the steps as parquet",
        },
      );
    const recorded = this.#reader.trajectory(branch?.number ?? seed);
    const form = (this.#form ??= formOf(recorded));
    const numbers = (steps + 1) * Math.max(numbersIn(form.observation), numbersIn(form.action));
    if (numbers > mostNumbers)
      throw new SameseedError(
        "bad_argument",
        `seed ${seed} has ${numbers} numbers in its observations or actions; an episode of a dataset may have ${mostNumbers}`,
        {
          hint: "export the steps as parquet",
        },
      );
    const records = [...new Trajectory(recorded).records()];
    const rows = rowsOf(records, number, form, outcome === "truncated");
    const folder = join(this.#folder, String(number));
    mkdirSync(folder);
    // One row group: a batch of pyarrow's ends with its group, and the loader would take the next one for another episode.
    await writeParquet(join(folder, "part-0.parquet"), {
      columns: columnsOf(form),
      rows,
      metadata: [{ key: "sameseed.rollout", value: digest }],
      whole: true,
    });
    const about = { id: number, total_steps: rows.length - 1, seed, sameseed_digest: digest };
    writeFileSync(join(folder, "metadata.json"), `${JSON.stringify(about)}\n`);
    this.#steps += rows.length - 1;
  }
}

/** What the first episode says of its spaces; an environment has the same in every one. */
function formOf(recorded: Buffer): Form {
  const end = [...framesOf(chainOf(recorded).blob)].find(({ type }) => type === "end");
  const [told] = Object.values(readSpaces(end && decodeEnd(end.payload, "run_damaged").spaces));
  const observation = minariSpace(told?.observation, "observation");
  const action = minariSpace(told?.action, "action");
  return {
    observation: observation.kind,
    action: action.kind,
    spaces: { observation_space: observation.serialized, action_space: action.serialized },
  };
}

function columnsOf({ observation, action }: Form): readonly Column[] {
  const column = (name: string, type: ColumnKind): Column => ({ name, type, nullable: false });
  return [
    column("observations", observation),
    column("actions", action),
    column("rewards", { kind: "float64" }),
    column("terminations", { kind: "bool" }),
    column("truncations", { kind: "bool" }),
  ];
}

function numbersIn(kind: ColumnKind): number {
  return kind.kind === "list" ? kind.length : 1;
}

/** Rows of an episode: each observation beside what was done next. @param cut whether the run's own limit of steps ended it, or a time limit did */
function rowsOf(
  records: readonly TrajectoryRecord[],
  number: number,
  form: Form,
  cut: boolean,
): readonly (readonly Cell[])[] {
  const rows: (readonly Cell[])[] = [];
  const steps = records.filter((record) => record.kind !== "closing");
  let observation: Cell = null;
  for (const [at, record] of steps.entries()) {
    const { k: step } = record;
    if (record.kind === "step")
      rows.push([
        observation,
        cellIn(record.action, form.action, { what: "action", step, number }),
        Number(cellIn(record.reward, { kind: "float64" }, { what: "reward", step, number })),
        record.terminated.type === "bool" && record.terminated.value,
        // The environment does not know of the run's limit, but whoever learns from its steps must.
        (cut && at === steps.length - 1) || (record.truncated.type === "bool" && record.truncated.value),
      ]);
    observation = cellIn(record.observation, form.observation, { what: "observation", step, number });
  }
  rows.push([observation, padding(form.action), 0, false, false]);
  return rows;
}

/** A value as its space says that it is. */
function cellIn(
  value: CborValue | undefined,
  kind: ColumnKind,
  { what, step, number }: { readonly what: string; readonly step: number; readonly number: number },
): Cell {
  if (value !== undefined && fitsMinari(value, kind)) return cellOf(value, kind);
  const which =
    value?.type === "ndarray"
      ? `an array of ${value.dtype} of shape [${value.shape.join(", ")}]`
      : `of type ${value?.type ?? "none"}`;
  throw new SameseedError(
    "bad_argument",
    `the ${what} of step ${step} of episode ${number} is ${which}, for which the dataset's column has no room`,
    { hint: "export the steps as parquet or jsonl" },
  );
}

function padding(kind: ColumnKind): Cell {
  if (kind.kind !== "list") return kind.kind === "int64" ? 0n : 0;
  const zero = kind.element === "bool" ? false : kind.element === "int64" ? 0n : 0;
  return Array.from({ length: kind.length }, () => zero);
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0);
}
