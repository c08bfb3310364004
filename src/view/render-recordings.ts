import { SameseedError, isSameseedError } from "../base/error.ts";
import { RunReader } from "../store/run-reader.ts";
import { picturesPath, readPictureList } from "../verify/pictures/picture-file.ts";
import { renderRollout } from "../verify/pictures/render-rollout.ts";
import { Library } from "./library.ts";

/** Which rollouts get pictures. */
export interface RenderChoice {
  /** Seeds, or numbers of branches. @default all, where they are few */
  readonly keys?: readonly number[];
  readonly signal?: AbortSignal;
  /** Told what is done, and why a rollout gets none. */
  readonly onNote: (text: string) => void;
}

/** So many are rendered without being named one by one. */
const unnamedMost = 16;

/**
 * Makes pictures of rollouts of the runs below some folders; those that have them keep them.
 * @throws `bad_argument` where too many would be rendered, or none can be; what `renderRollout` throws
 */
export async function renderRecordings(folders: readonly string[], choice: RenderChoice): Promise<void> {
  const wanted: { readonly dir: string; readonly key: number }[] = [];
  for (const { kind, dir } of new Library(folders).list()) {
    if (kind !== "run") continue;
    using reader = await RunReader.open(dir);
    for (const { key } of reader.outline())
      if (choice.keys?.includes(key) !== false) wanted.push({ dir, key });
  }
  if (choice.keys === undefined && wanted.length > unnamedMost)
    throw new SameseedError(
      "bad_argument",
      `${wanted.length} rollouts would be played again for their pictures`,
      {
        hint: "name some of them: --seeds 42..45, or of branches --branch 0..3",
      },
    );
  let made = 0;
  let failure: SameseedError | undefined;
  for (const { dir, key } of wanted) {
    try {
      if (!(await hasPictures(dir, key))) {
        const options = choice.signal === undefined ? {} : { signal: choice.signal };
        const { pictures } = await renderRollout(dir, key, options);
        choice.onNote(`${dir}, ${key}: ${pictures} pictures`);
      }
      made++;
    } catch (error) {
      if (!isSameseedError(error) || (error.code !== "bad_argument" && error.code !== "prefix_diverged"))
        throw error;
      failure ??= error;
      choice.onNote(`${dir}, ${key}: ${error.message}`);
    }
  }
  if (made === 0 && failure !== undefined) throw failure;
}

async function hasPictures(dir: string, key: number): Promise<boolean> {
  using reader = await RunReader.open(dir);
  try {
    return readPictureList(picturesPath(dir, key))?.rollout === reader.row(key).digest;
  } catch (error) {
    if (isSameseedError(error) && error.code === "run_damaged") return false;
    throw error;
  }
}
