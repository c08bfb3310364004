import { SameseedError } from "../base/error.ts";
import {
  picturesPath,
  type PictureList,
  readPictureList,
  readPictures,
} from "../verify/pictures/picture-file.ts";
import { type PicturesDocument, type PicturesOverview, picturesPerChunk } from "./shown-pictures.ts";
import { keptOf } from "./kept-of.ts";
import type { LoadedRollout, OpenRuns } from "./open-runs.ts";

/** What a rollout's page says of its pictures; nothing where there are none of this very rollout. */
export function picturesOf(rollout: LoadedRollout): { readonly pictures?: PicturesOverview } {
  const list = listOf(rollout);
  if (list === undefined) return {};
  const { kind, width, height, cut, exact, at, image, pictures } = list;
  return { pictures: { kind, width, height, steps: pictures.map(([k]) => k), cut, exact, at, image } };
}

/** `pictures/ID/KEY/CHUNK` */
export async function picturesDocument(
  runs: OpenRuns,
  id: string,
  name: string,
  chunk: number,
): Promise<PicturesDocument> {
  const rollout = await runs.rollout(id, name);
  const list = listOf(rollout);
  const first = chunk * picturesPerChunk;
  if (list === undefined || first >= list.pictures.length)
    throw new SameseedError("run_missing", "the rollout has no such pictures", {
      hint: "make them with `sameseed replay DIR --seed N --render`",
    });
  const path = picturesPath(rollout.recording.dir, rollout.key);
  const encoding = list.kind === "png" ? "base64" : "utf8";
  const bodies = readPictures(path, first, first + picturesPerChunk);
  return { first, pictures: bodies.map((body) => body.toString(encoding)) };
}

function listOf(rollout: LoadedRollout): PictureList | undefined {
  return keptOf(rollout, (dir, key) => readPictureList(picturesPath(dir, key)));
}
