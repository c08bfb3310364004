import * as z from "zod";

/** What an image is made of; `image.json` beside its root file system. */
export interface ImageManifest {
  /** The format of this file. */
  readonly format: 1;
  /** 64 hex digits, without `sha256:`; the name of the image's folder. */
  readonly digest: string;
  /** CPython's version, such as `3.11.7`. */
  readonly python: string;
  /** `x86_64` or `aarch64`. */
  readonly architecture: string;
  /** The C library's name and version, such as `glibc 2.36`. */
  readonly libc: string;
  /** Installed distributions: normalised name → version. */
  readonly packages: Readonly<Record<string, string>>;
  /** SHA-256 over Sameseed's own Python and native files in the image. */
  readonly runtime: string;
  /** SHA-256 of the requirements lock. */
  readonly lock: string;
  /** Variables of the environment of everything that runs in it; absent where it sets none. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Debian packages that it has: name → version; absent where it has none. */
  readonly system?: Readonly<Record<string, string>> | undefined;
  /** Size of the root file system in bytes, and its number of files. */
  readonly sizeBytes: number;
  readonly files: number;
}

const pinned =
  /^(LD_.*|PYTHON.*|SAMESEED_.*|OPENBLAS_.*|OMP_.*|MKL_.*|NUMEXPR_.*|NPY_.*|LC_.*|LANG|TZ|PATH|HOME|USER|COLUMNS|LINES|OPENSSL_ia32cap|QT_NO_CPU_FEATURE)$/;

/** Whether an image may set a variable of this name: the world pins the others. */
export function isImageEnvName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name) && !pinned.test(name);
}

/** Reads `image.json`. */
export const imageManifestSchema: z.ZodType<ImageManifest> = z.object({
  format: z.literal(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  python: z.string(),
  architecture: z.string(),
  libc: z.string(),
  packages: z.record(z.string(), z.string()),
  runtime: z.string(),
  lock: z.string(),
  env: z.record(z.string().refine(isImageEnvName), z.string()).optional(),
  system: z.record(z.string(), z.string()).optional(),
  sizeBytes: z.int(),
  files: z.int(),
});

/** One difference between two images that may change bytes. */
export interface ImageDifference {
  /** `python`, `libc`, `architecture`, `runtime` or a package's name. */
  readonly what: string;
  readonly recorded: string | undefined;
  readonly present: string | undefined;
}
