import type { ResolvedImage } from "../../image/image-store.ts";
import { count, formatBytes } from "../render/numbers.ts";

/** One line on an image that is ready. */
export function describeImage({ name, manifest }: ResolvedImage): string {
  const { digest, python, packages, sizeBytes } = manifest;
  const many = count(Object.keys(packages).length, "package");
  return `image ${name} ${digest.slice(0, 12)}: Python ${python}, ${many}, ${formatBytes(sizeBytes)}`;
}
