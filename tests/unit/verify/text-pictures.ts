import type { PictureList } from "../../../src/verify/pictures/picture-file.ts";

/** The list of a file of texts. */
export function textPictures(rollout: string, pictures: PictureList["pictures"]): PictureList {
  return {
    format: 1,
    rollout,
    image: "2",
    at: "2026-01-02T03:04:05.000Z",
    sameseedVersion: "1",
    kind: "text",
    mode: null,
    width: 0,
    height: 0,
    every: 1,
    exact: true,
    cut: false,
    pictures,
  };
}
