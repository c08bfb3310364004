import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { digestOf } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import type { BranchSpec } from "../model/branch.ts";
import type { EnvironmentRef, SeatPolicy, SpecFile } from "../model/rollout.ts";
import {
  actionsSchema,
  maxInputBytes,
  runFormat,
  storedRunManifestSchema,
  type InputRef,
  type RunManifest,
  type StoredBranch,
  type StoredEnvironment,
  type StoredFile,
  type StoredRunManifest,
  type StoredSeatPolicy,
} from "../model/run-manifest.ts";
import { exactJson } from "./exact-json.ts";
import { readRegular, type RunPaths } from "./run-folder.ts";
import { otherFormat, runDamaged, storeError } from "./store-error.ts";

/** A policy that holds a text, as it is and as it is stored. */
type LoadedText = Extract<SeatPolicy, { readonly kind: "actions" | "source" }>;
type StoredText = Extract<StoredSeatPolicy, { readonly kind: "actions" | "source" }>;

/** The most bytes `run.json` may have; 10^6 seeds take a quarter of it. */
const maxManifestBytes = 64 * 1024 * 1024;

/**
 * Writes `run.json` and the texts beside it. `run.json` comes last: a folder that has it has them all.
 * @throws SameseedError `bad_argument` where the manifest is not of its form, `disk_full`, `io_failed`.
 */
export function writeRunManifest(paths: RunPaths, manifest: RunManifest): void {
  const inputs = new Map<string, Buffer>();
  const stored = toStored(manifest, {
    keepText: (text) => keep(inputs, text),
    keepBytes: (bytes) => keepBytes(inputs, bytes),
  });
  const checked = storedRunManifestSchema.safeParse(stored);
  if (!checked.success) {
    throw new SameseedError("bad_argument", `the run cannot be recorded: ${z.prettifyError(checked.error)}`);
  }
  const text = toText(checked.data);
  if (text.length > maxManifestBytes) throw tooLarge("the run's spec", text.length, maxManifestBytes);
  let path = paths.inputs;
  try {
    mkdirSync(path, { recursive: true });
    for (const [digest, bytes] of inputs) {
      path = inputPath(paths, digest);
      writeFileAtomic(path, bytes);
    }
    path = paths.manifest;
    writeFileAtomic(path, text);
  } catch (error) {
    throw storeError(error, "writing", path);
  }
}

/**
 * Reads `run.json` and the texts beside it.
 * @throws SameseedError `run_missing` where the folder is not a run, `run_damaged` where it is not of format 2.
 */
export function readRunManifest(paths: RunPaths): RunManifest {
  let text: Buffer;
  try {
    text = readRegular(paths.manifest, maxManifestBytes);
  } catch (error) {
    const missing =
      error instanceof SameseedError && ["ENOENT", "ENOTDIR"].includes(String(error.context["systemCode"]));
    if (!missing) throw error;
    throw new SameseedError("run_missing", `${paths.folder} is not a run folder: it has no run.json`, {
      context: { path: paths.folder },
      hint: "name the folder that `sameseed run --out` wrote",
    });
  }
  const json = parseJson(paths.manifest, text);
  const format = z.object({ format: z.int() }).safeParse(json);
  if (format.success && format.data.format !== runFormat)
    throw otherFormat(paths.manifest, format.data.format, runFormat);
  const stored = storedRunManifestSchema.safeParse(json);
  if (!stored.success) throw runDamaged(paths.manifest, z.prettifyError(stored.error));
  return fromStored(paths, stored.data);
}

/**
 * Takes seeds on that a run does not have. Whoever holds the run's lock may do so; readers see the old run or the new one.
 * @returns the run as it is then
 * @throws as {@link writeRunManifest}
 */
export function extendRun(paths: RunPaths, manifest: RunManifest, seeds: readonly number[]): RunManifest {
  const known = new Set(manifest.spec.seeds);
  const added = seeds.filter((seed) => !known.has(seed));
  if (added.length === 0) return manifest;
  const extended = { ...manifest, spec: { ...manifest.spec, seeds: [...manifest.spec.seeds, ...added] } };
  writeRunManifest(paths, extended);
  return extended;
}

/** Puts something beside `run.json` and says where. */
interface Keeper {
  readonly keepText: (text: string) => InputRef;
  readonly keepBytes: (bytes: Uint8Array) => InputRef;
}

function toStored(manifest: RunManifest, { keepText, keepBytes: keepRaw }: Keeper): StoredRunManifest {
  const { environment, seats, files, branch, ...rest } = manifest.spec;
  const stored = seats.map(({ seat, policy }) => ({ seat, policy: storeSeat(policy) }));
  return {
    ...manifest,
    spec: {
      ...rest,
      environment: storeEnvironment(environment),
      seats: stored,
      ...storeFiles(files),
      ...(branch === undefined ? {} : { branch: { ...branch, past: branch.past.map(keepRaw) } }),
    },
  };

  function storeFiles(list: readonly SpecFile[] | undefined): { readonly files?: readonly StoredFile[] } {
    if (list === undefined) return {};
    return { files: list.map(({ path, data }) => ({ path, data: keepRaw(Buffer.from(data, "base64")) })) };
  }

  function storeEnvironment(ref: EnvironmentRef): StoredEnvironment {
    return ref.kind === "file" ? { ...ref, source: keepText(ref.source) } : ref;
  }
  function storeSeat(ref: SeatPolicy): StoredSeatPolicy {
    return ref.kind === "source" || ref.kind === "actions" ? storeText(ref) : ref;
  }
  function storeText(ref: LoadedText): StoredText {
    if (ref.kind === "actions") return { kind: ref.kind, actions: keepText(exactJson(ref.actions)) };
    const { kind, name, source, files: beside } = ref;
    return { kind, name, source: keepText(source), ...storeFiles(beside) };
  }
}

function fromStored(paths: RunPaths, stored: StoredRunManifest): RunManifest {
  const { environment, seats, files, branch, ...rest } = stored.spec;
  const loaded = seats.map(({ seat, policy }) => ({ seat, policy: loadSeat(policy) }));
  return {
    ...stored,
    spec: {
      ...rest,
      environment: loadEnvironment(environment),
      seats: loaded,
      ...loadFiles(files),
      ...(branch === undefined ? {} : { branch: loadBranch(branch) }),
    },
  };

  function loadFiles(list: readonly StoredFile[] | undefined): { readonly files?: readonly SpecFile[] } {
    if (list === undefined) return {};
    return {
      files: list.map(({ path, data }) => ({ path, data: loadInput(paths, data).toString("base64") })),
    };
  }
  function loadBranch(ref: StoredBranch): BranchSpec {
    return { ...ref, past: ref.past.map((part) => loadInput(paths, part)) };
  }

  function loadEnvironment(ref: StoredEnvironment): EnvironmentRef {
    return ref.kind === "file" ? { ...ref, source: loadInput(paths, ref.source).toString() } : ref;
  }
  function loadSeat(ref: StoredSeatPolicy): SeatPolicy {
    return ref.kind === "source" || ref.kind === "actions" ? loadText(ref) : ref;
  }
  function loadText(ref: StoredText): LoadedText {
    if (ref.kind === "source") {
      const { kind, name, source, files: beside } = ref;
      return { kind, name, source: loadInput(paths, source).toString(), ...loadFiles(beside) };
    }
    const path = inputPath(paths, ref.actions.digest);
    const actions = actionsSchema.safeParse(parseJson(path, loadInput(paths, ref.actions)));
    if (!actions.success) throw runDamaged(path, z.prettifyError(actions.error));
    return { kind: "actions", actions: actions.data };
  }
}

function keep(inputs: Map<string, Buffer>, text: string): InputRef {
  if (!text.isWellFormed()) {
    throw new SameseedError(
      "bad_argument",
      "a source text holds a lone surrogate, which UTF-8 cannot encode",
    );
  }
  return keepBytes(inputs, Buffer.from(text));
}

function keepBytes(inputs: Map<string, Buffer>, content: Uint8Array): InputRef {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  if (bytes.length > maxInputBytes) throw tooLarge("A part of the run's spec", bytes.length, maxInputBytes);
  const digest = digestOf(bytes);
  inputs.set(digest, bytes);
  return { digest, bytes: bytes.length };
}

function loadInput(paths: RunPaths, ref: InputRef): Buffer {
  const path = inputPath(paths, ref.digest);
  const bytes = readRegular(path, maxInputBytes);
  if (digestOf(bytes) !== ref.digest) throw runDamaged(path, "its content is not what its name says");
  return bytes;
}

function inputPath(paths: RunPaths, digest: string): string {
  return join(paths.inputs, digest.slice("sha256:".length));
}

function parseJson(path: string, text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch (error) {
    throw runDamaged(path, `it is not JSON (${String(error)})`);
  }
}

/** One line for each part: readable, and 10^5 seeds do not become 10^5 lines. */
function toText(manifest: StoredRunManifest): string {
  const { spec, ...rest } = manifest;
  const lines = Object.entries({ ...rest, spec }).map(([key, value]) =>
    key === "spec" ? `  "spec": {\n${specLines(spec)}\n  }` : `  ${JSON.stringify(key)}: ${exactJson(value)}`,
  );
  return `{\n${lines.join(",\n")}\n}\n`;
}

function specLines(spec: StoredRunManifest["spec"]): string {
  return Object.entries(spec)
    .map(([key, value]) => `    ${JSON.stringify(key)}: ${exactJson(value)}`)
    .join(",\n");
}

function tooLarge(what: string, bytes: number, maxBytes: number): SameseedError {
  return new SameseedError(
    "bad_argument",
    `${what} has ${bytes} bytes; at most ${maxBytes} can be recorded`,
    {
      context: { bytes, maxBytes },
    },
  );
}
