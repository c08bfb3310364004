import { SameseedError, isSameseedError } from "../base/error.ts";
import { RunReader } from "../store/run-reader.ts";
import { picturesPath, readPictureList } from "../verify/pictures/picture-file.ts";
import { renderRollout } from "../verify/pictures/render-rollout.ts";
import { captureStdio } from "../verify/stdio/capture-stdio.ts";
import { readStdio, stdioPath } from "../verify/stdio/stdio-file.ts";
import { Choice, type Chosen } from "./choice.ts";
import { Library } from "./library.ts";

/** What running a rollout again leaves beside its run: what it draws, or what it writes to stdout and stderr. */
export type Beside = "pictures" | "stdio";

/** Which rollouts are run again, and for what. */
export interface RerunChoice {
  readonly makes: readonly Beside[];
  /** @default all, where they are few */
  readonly chosen?: Chosen;
  readonly signal?: AbortSignal;
  /** Told what is done, and why a rollout gets none. */
  readonly onNote: (text: string) => void;
}

interface Wanted {
  readonly dir: string;
  readonly key: number;
}

/** So many are run again without being named one by one. */
const unnamedMost = 16;

/**
 * Runs rollouts of the runs below some folders again for their pictures, or for what they write; those that have it keep it.
 * @throws `bad_argument` where too many would be run, or none gives it; what `renderRollout` and `captureStdio` throw
 */
export async function rerunRecordings(folders: readonly string[], choice: RerunChoice): Promise<void> {
  const wanted: Wanted[] = [];
  const chosen = new Choice(choice.chosen ?? {});
  for (const { kind, dir } of new Library(folders).list()) {
    if (kind !== "run") continue;
    using reader = await RunReader.open(dir);
    for (const { key } of reader.outline())
      if (chosen.has(reader.manifest.spec, key)) wanted.push({ dir, key });
  }
  if (!chosen.isNamed && wanted.length > unnamedMost)
    throw new SameseedError("bad_argument", `${wanted.length} rollouts would be run again`, {
      hint: "name some of them: --seeds 42..45, or of branches --branch 0..3",
    });
  for (const beside of choice.makes) await makeAll(beside, wanted, choice);
}

/** What ends nothing but the rollout that has it: others can still be run again. */
const isOfOneRollout: ReadonlySet<string> = new Set(["bad_argument", "prefix_diverged", "run_missing"]);

async function makeAll(beside: Beside, wanted: readonly Wanted[], choice: RerunChoice): Promise<void> {
  let made = 0;
  let failure: SameseedError | undefined;
  for (const { dir, key } of wanted) {
    try {
      if (!(await isThere(beside, dir, key)))
        choice.onNote(`${dir}, ${key}: ${await make(beside, dir, key, choice.signal)}`);
      made++;
    } catch (error) {
      if (!isSameseedError(error) || !isOfOneRollout.has(error.code)) throw error;
      failure ??= error;
      choice.onNote(`${dir}, ${key}: ${error.message}`);
    }
  }
  if (made === 0 && failure !== undefined) throw failure;
}

async function make(beside: Beside, dir: string, key: number, signal?: AbortSignal): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  if (beside === "pictures") {
    const { pictures } = await renderRollout(dir, key, options);
    return `${pictures} pictures`;
  }
  const { programs } = await captureStdio(dir, key, options);
  const bytes = programs.reduce((sum, { stdout, stderr }) => sum + stdout.bytes + stderr.bytes, 0);
  return `${bytes} bytes of stdout and stderr`;
}

async function isThere(beside: Beside, dir: string, key: number): Promise<boolean> {
  using reader = await RunReader.open(dir);
  try {
    const kept =
      beside === "pictures" ? readPictureList(picturesPath(dir, key)) : readStdio(stdioPath(dir, key));
    return kept?.rollout === reader.row(key).digest;
  } catch (error) {
    if (isSameseedError(error) && error.code === "run_damaged") return false;
    throw error;
  }
}
