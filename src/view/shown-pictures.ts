/* What the viewer shows of a rollout's pictures. */

/** What the environment rendered when the rollout was played again. */
export interface PicturesOverview {
  readonly kind: "png" | "text";
  /** In pixels; 0 for texts. */
  readonly width: number;
  readonly height: number;
  /** The records that have a picture, by their numbers. */
  readonly steps: readonly number[];
  /** Whether there was no room for those of the last steps. */
  readonly cut: boolean;
  /** Whether the rollout had the recorded chain when it was rendered, or another only in what it asked of the world. */
  readonly exact: boolean;
  readonly at: string;
  /** The digest of the image they were rendered with. */
  readonly image: string;
}

/** `pictures/ID/KEY/CHUNK`: pictures, {@link picturesPerChunk} at a time. */
export interface PicturesDocument {
  /** The place of the first among all of them. */
  readonly first: number;
  /** PNG files in base64, or texts. */
  readonly pictures: readonly string[];
}

export const picturesPerChunk = 16;
