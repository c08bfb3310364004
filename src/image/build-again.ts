import { readFileSync } from "node:fs";
import { isSameseedError, systemErrorCode } from "../base/error.ts";
import { imagesFolder } from "../base/home.ts";
import { defaultImageName } from "./image-names.ts";
import { resolveImage } from "./image-store.ts";
import { askedPackages } from "./lock-head.ts";
import { lockPath, systemLockPath } from "./publish-image.ts";
import { packageName } from "./resolve-packages.ts";
import { shippedEnv, shippedImages, shippedPackages } from "./shipped-images.ts";
import { renderingEnv } from "./system-packages.ts";

/** A package as a shell takes it. */
export function quotedPackage(text: string): string {
  return /^[\w.=-]+$/.test(text) ? text : `'${text}'`;
}

/**
 * The command that builds an image again with one package more: with what it was built from, where that is known, since a
 * name stands for what was asked for last.
 *
 * @param image the name it was used by, and its digest
 * @param images - The folder of all images. @default the home folder's
 */
export function buildAgainWith(
  { name, digest }: { readonly name: string; readonly digest: string },
  more: string,
  images: string = imagesFolder(),
): string {
  const known = builtFrom(digest, images);
  const { asked, extras } = known.asked.length === 0 ? shippedAs(name) : known;
  const isOwn = asked.length > 0 && name !== digest && !reserved().includes(name);
  const before = withoutPackages(asked, [more]);
  const packages = [...before, more].map((text) => (text.includes("…") ? text : quotedPackage(text)));
  return `sameseed image build ${isOwn ? name : "NAME"} --packages ${packages.join(" ")}${extras}`;
}

/** What was in numpy until 1.24, and until 2.0. */
const before124 =
  /module 'numpy' has no attribute '(?:bool|int|float|complex|object|str|long|unicode|typeDict)'/;
const before2 =
  /has no attribute '(?:bool8|float_|complex_|string_|unicode_|Inf|NaN|infty|product|alltrue|in1d|trapz)'|removed in the NumPy 2|Python integer -?\d+ out of bounds for u?int\d+|compiled using NumPy 1|numpy\.dtype size changed|_ARRAY_API not found|numpy\.core\.multiarray failed/;

/** The package that a sentence of `python/sameseed/play/missing.py` names, or an old numpy; undefined where it names none. */
export function neededPackage(message: string): string | undefined {
  // The oldest of one's words may be among the others'.
  if (before124.test(message)) return "numpy<1.24";
  if (before2.test(message)) return "numpy<2";
  const [, module, other] = / needs the module (\w+)[\w.]*(?: \(package ([^)]+)\))?,/.exec(message) ?? [];
  return other ?? module;
}

function reserved(): string[] {
  return [defaultImageName, ...shippedImages()];
}

/** Requirements but those of packages that others are of, too: another version takes the place of one. */
export function withoutPackages(requirements: readonly string[], others: readonly string[]): string[] {
  const named = new Set(others.map(packageName));
  return requirements.filter((each) => !named.has(packageName(each)));
}

function builtFrom(
  digest: string,
  images: string,
): { readonly asked: readonly string[]; readonly extras: string } {
  try {
    const image = resolveImage(digest, images);
    const asked = askedPackages(readFileSync(lockPath(image), "utf8"));
    if (asked.length === 0) return { asked, extras: "" };
    const { env = {}, system } = image.manifest;
    const own = Object.entries(env).filter(
      ([key, value]) => system === undefined || renderingEnv[key] !== value,
    );
    const variables = own.map(([key, value]) => ` --env ${quotedVariable(key, value)}`);
    const debian = system === undefined ? "" : ` --system ${systemLockPath(image)}`;
    return { asked, extras: variables.join("") + debian };
  } catch (error) {
    // The rollout may have run on another host, which has the image.
    if (isSameseedError(error) || systemErrorCode(error) !== undefined) return { asked: [], extras: "" };
    throw error;
  }
}

/** What an image whose lock comes with Sameseed is built from where other packages are wanted beside it. */
function shippedAs(name: string): ReturnType<typeof builtFrom> {
  const packages = shippedPackages(name);
  const variables = Object.entries(shippedEnv(name)).map(
    ([key, value]) => ` --env ${quotedVariable(key, value)}`,
  );
  return packages === undefined
    ? { asked: [], extras: "" }
    : { asked: [packages], extras: variables.join("") };
}

function quotedVariable(key: string, value: string): string {
  const text = `${key}=${value}`;
  return /^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
