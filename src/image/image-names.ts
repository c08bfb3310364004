/** The image that rollouts use when none is named. */
export const defaultImageName = "gymnasium";

/** How the files that `image export` writes are called; no image's name ends like this. */
export const imageFileSuffix = ".tar.zst";

/** Whether an image is given as the path of a file rather than as a name or digest. The shape alone decides. */
export function isImagePath(image: string): boolean {
  return image.includes("/") || image.endsWith(imageFileSuffix);
}
