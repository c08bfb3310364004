import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { writeFileAtomic } from "../../../base/atomic-file.ts";
import { nowMs } from "../../../base/clock.ts";
import { makeFolders } from "../../../base/make-folders.ts";
import type { PolicyRequest } from "../rollout-request.ts";
import { type RunRequest, runSchema } from "./run-request.ts";

/** A request is older when its run has begun, or never will. */
const beginningMs = 3_600_000;

type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * What runs were asked for with, in a folder beside them: a server that was killed goes on with its runs when it is started again.
 * Like the runs they are for this server's user alone.
 */
export class KeptRequests {
  readonly #folder: string;

  /** @param runs the folder of the runs */
  constructor(runs: string) {
    this.#folder = join(runs, ".requests");
  }

  /** @throws `io_failed`, `disk_full` */
  keep(id: string, request: RunRequest): void {
    makeFolders(this.#folder, 0o700);
    writeFileAtomic(this.#path(id), JSON.stringify(asSent(request)), 0o600);
  }

  /** Undefined where there is none that is whole. */
  read(id: string): RunRequest | undefined {
    try {
      return runSchema.parse(JSON.parse(readFileSync(this.#path(id), "utf8")));
    } catch {
      return undefined;
    }
  }

  /** Whether the run was begun and is not known to be whole. */
  has(id: string): boolean {
    return existsSync(this.#path(id));
  }

  /** Nobody will go on with that run. */
  drop(id: string): void {
    rmSync(this.#path(id), { force: true });
  }

  /** Drops those of runs that are gone. Another server of the folder may just be beginning one. */
  dropOthers(isThere: (id: string) => boolean): void {
    const before = nowMs() - beginningMs;
    for (const name of namesIn(this.#folder)) {
      const id = name.replace(/\.json$/, "");
      if (!isThere(id) && statSync(this.#path(id)).mtimeMs < before) this.drop(id);
    }
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

/** Names in a folder; none where there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The request as a client sends it. */
function asSent({ files, policy, ...rest }: RunRequest): unknown {
  const policies = Array.isArray(policy)
    ? policy.map(policySent)
    : policy === undefined
      ? undefined
      : policySent(policy);
  return { ...rest, files: filesSent(files), policy: policies };
}

function policySent(policy: PolicyRequest): unknown {
  return typeof policy === "object" && "source" in policy
    ? { ...policy, files: filesSent(policy.files) }
    : policy;
}

function filesSent(files: Files | undefined): unknown {
  if (files === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === "string" ? { text: content } : { base64: Buffer.from(content).toString("base64") },
    ]),
  );
}
