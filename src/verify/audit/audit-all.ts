import { isDeepStrictEqual } from "node:util";
import * as z from "zod";

import { isSameseedError, SameseedError, toError } from "../../base/error.ts";
import { Semaphore } from "../../base/semaphore.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { resolveImage } from "../../image/image-store.ts";
import type { JsonObject } from "../../model/json.ts";
import { resolveOptions, type ResolvedOptions, type RolloutOptions } from "../../rollout/rollout-config.ts";
import type { RolloutFleet } from "../../rollout/rollout-fleet.ts";
import { askImage } from "../../sandbox/ask-image.ts";
import { auditRollouts, auditStepsDefault, auditWallMs, makeRunner } from "./audit-environment.ts";
import { auditElsewhere } from "./audit-elsewhere.ts";
import type { AuditReport } from "./audit-report.ts";

/** What to audit of an image, and how. */
export interface AuditAllOptions extends Pick<
  RolloutOptions,
  "image" | "limits" | "maxSteps" | "signal" | "world"
> {
  /** @default [0] */
  readonly seeds?: readonly number[];
  /** Arguments for every environment's constructor. @default {} */
  readonly envArgs?: JsonObject;
  /** Audits only names that hold this text. */
  readonly only?: string;
  /** Environments at the same time. @default 2 */
  readonly atOnce?: number;
  /** Rollouts at the same time. @default twice the processors */
  readonly concurrency?: number;
  /** A table that was not completed: its rows are taken over where it is about the same. */
  readonly before?: AuditTable;
  /** Other machines that do it; {@link atOnce} and {@link concurrency} are then their own. @default this one */
  readonly fleet?: RolloutFleet;
  /** Told of each environment when it is done, with the table as far as it goes. */
  readonly onRow?: (row: AuditRow, table: AuditTable) => void;
}

/** One environment of an image. */
export type AuditRow =
  | { readonly env: string; readonly report: AuditReport }
  /** It needs a package that the image has not, or cannot be made without arguments. */
  | { readonly env: string; readonly skipped: string }
  /** The host failed it. */
  | { readonly env: string; readonly failed: string };

/** Every environment of an image. */
export interface AuditTable {
  readonly image: string;
  readonly imageDigest: string;
  readonly world: string;
  readonly seeds: readonly number[];
  readonly maxSteps: number;
  /** Environments to audit; there are fewer rows while it goes on, or where it was interrupted. */
  readonly total: number;
  readonly rows: readonly AuditRow[];
}

/** Modules that register environments when they are imported; their names go before the environment's. */
const registering = ["ale_py", "minigrid", "highway_env", "gymnasium_robotics", "miniworld"];

const listing = `
import importlib, json
try:
    import gymnasium
except ModuleNotFoundError:
    print("[]")
    raise SystemExit
names = dict.fromkeys(gymnasium.registry, "")
for module in ${JSON.stringify(registering)}:
    try:
        importlib.import_module(module)
    except ImportError:
        continue
    for name in gymnasium.registry:
        names.setdefault(name, module)
print(json.dumps([f"{module}:{name}" if module else name for name, module in names.items()]))
`;

/**
 * The environments that an image's packages register with Gymnasium, as `sameseed run` takes their names.
 * @throws `image_missing`, `wall_unavailable`, `sandbox_failed` where they cannot be listed
 */
export async function listEnvironments(image: string): Promise<string[]> {
  const { value, stderr, exitCode } = await askImage(image, { source: listing });
  const parsed = z.array(z.string().min(1).max(1000)).safeParse(value);
  if (parsed.success) return parsed.data.sort();
  throw new SameseedError("sandbox_failed", "the image's environments could not be listed", {
    context: { stderr, exitCode },
    hint: "check whether gymnasium can be imported in the image: `sameseed exec --image NAME -- python3 -c 'import gymnasium'`",
  });
}

/**
 * Audits every environment that an image registers. All of them share zygotes, so that only single audits compare a
 * cold start with a warm one.
 * @throws as {@link listEnvironments}, and `aborted`; what is wrong with one environment is in its row
 */
export async function auditAll(options: AuditAllOptions): Promise<AuditTable> {
  const { seeds = [0], maxSteps = auditStepsDefault } = options;
  const names = (await listEnvironments(options.image ?? defaultImageName)).filter((name) =>
    name.includes(options.only ?? ""),
  );
  const resolve = (envName: string): ReturnType<typeof resolveOptions> =>
    resolveOptions({
      envName,
      ...(options.envArgs === undefined ? {} : { envArgs: options.envArgs }),
      ...(options.image === undefined ? {} : { image: options.image }),
      ...(options.world === undefined ? {} : { world: options.world }),
      maxSteps,
      limits: { wallMs: auditWallMs, ...options.limits },
    });
  const watch = options.signal === undefined ? {} : { signal: options.signal };
  const { concurrency, fleet } = options;
  if (fleet !== undefined) return await auditAllElsewhere(names, resolve, { ...options, fleet });
  const runner = makeRunner(resolve("CartPole-v1"), {
    ...watch,
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  const turns = new Semaphore(options.atOnce ?? 2);
  const auditOne = async (env: string): Promise<AuditRow> => {
    await turns.acquire(options.signal);
    try {
      const subject = { env, options: resolve(env), seeds };
      return rowOf(env, await auditRollouts(subject, { ...watch, runner }));
    } catch (error) {
      if (!isSameseedError(error) || error.code === "aborted") throw error;
      const isMissing = error.code === "unknown_environment";
      return isMissing ? { env, skipped: error.message } : { env, failed: toError(error).message };
    } finally {
      turns.release();
    }
  };
  try {
    const { image, world } = await runner.receipt();
    const head = { image: image.name, imageDigest: image.digest, world: world.mode, seeds, maxSteps };
    const rows = new TableRows(names, head, options);
    await Promise.all(rows.missing.map(async (env) => rows.add(await auditOne(env))));
    return rows.table;
  } finally {
    await runner.close();
  }
}

/** As {@link auditAll}, on the machines of a fleet: each environment on one of them. */
async function auditAllElsewhere(
  names: readonly string[],
  resolve: (envName: string) => ResolvedOptions,
  options: AuditAllOptions & { readonly fleet: RolloutFleet },
): Promise<AuditTable> {
  const { seeds = [0], maxSteps = auditStepsDefault, fleet, signal, world = "sealed" } = options;
  const { name, manifest } = resolveImage(options.image ?? defaultImageName);
  const imageDigest = `sha256:${manifest.digest}`;
  const rows = new TableRows(names, { image: name, imageDigest, world, seeds, maxSteps }, options);
  const subjects = rows.missing.flatMap((env) => {
    try {
      return [{ env, options: resolve(env), seeds }];
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      rows.add({ env, failed: error.message });
      return [];
    }
  });
  for await (const { at, answer } of auditElsewhere(subjects, { fleet, signal, isAlone: false })) {
    const { env } = subjects[at]!;
    rows.add("report" in answer ? rowOf(env, answer.report) : { env, ...answer });
  }
  return rows.table;
}

/** The rows of a table as they come. */
class TableRows {
  readonly #names: readonly string[];
  readonly #head: Omit<AuditTable, "rows" | "total">;
  readonly #rows: Map<string, AuditRow>;
  readonly #onRow: AuditAllOptions["onRow"];

  constructor(
    names: readonly string[],
    head: Omit<AuditTable, "rows" | "total">,
    { before, onRow }: AuditAllOptions,
  ) {
    this.#names = names;
    this.#head = head;
    this.#rows = new Map(rowsOf(before, head).map((row) => [row.env, row]));
    this.#onRow = onRow;
  }

  get missing(): string[] {
    return this.#names.filter((name) => !this.#rows.has(name));
  }

  get table(): AuditTable {
    const rows = this.#names.flatMap((name) => this.#rows.get(name) ?? []);
    return { ...this.#head, total: this.#names.length, rows };
  }

  add(row: AuditRow): void {
    this.#rows.set(row.env, row);
    this.#onRow?.(row, this.table);
  }
}

/** What an earlier table knows already; nothing where it is about something else. What the host failed is tried again. */
function rowsOf(
  before: AuditTable | undefined,
  head: Omit<AuditTable, "rows" | "total">,
): readonly AuditRow[] {
  if (before === undefined) return [];
  const { rows, total: _, ...its } = before;
  return isDeepStrictEqual(its, head) ? rows.filter((row) => !("failed" in row)) : [];
}

/** An environment that could not even be made for want of a module is the image's lack, not a fault of its own. */
function rowOf(env: string, report: AuditReport): AuditRow {
  const [cause] = report.causes;
  const said =
    cause?.factor === "fault" && cause.step === 0 && typeof cause.actual === "string" ? cause.actual : "";
  return /^(ImportError|ModuleNotFoundError): /.test(said) ? { env, skipped: said } : { env, report };
}
