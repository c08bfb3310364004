import { defaultImageName } from "../../image/default-image.ts";
import { listImages } from "../../image/image-store.ts";
import { isImageThere } from "../../image/is-image-there.ts";

/**
 * The image whose zygote says of which class this host is: the default one, or where there is none any other with numpy, whose
 * numbers the class is about. A host that imports its images, or fetches them from the store, may have nothing to build one with.
 * @param images the folder of images. @default this user's
 */
export function classImage(images?: string): string {
  if (isImageThere(defaultImageName, images)) return defaultImageName;
  const other = listImages(images).find(({ manifest }) => manifest.packages["numpy"] !== undefined);
  return other?.manifest.digest ?? defaultImageName;
}
