import { isSameseedError } from "../base/error.ts";
import { resolveImage } from "./image-store.ts";

/**
 * Whether there is an image of a name or digest.
 * @param images the folder of images. @default this user's
 * @throws `image_damaged`, and `bad_argument` for what cannot be a name
 */
export function isImageThere(name: string, images?: string): boolean {
  try {
    resolveImage(name, images);
    return true;
  } catch (error) {
    if (isSameseedError(error) && error.code === "image_missing") return false;
    throw error;
  }
}
