import { SameseedError, toError } from "../base/error.ts";
import { packageVersion } from "../base/package-version.ts";
import { readCertificate } from "../verify/audit/certificate.ts";
import type { AuditDocument, LibraryDocument, LibraryEntry } from "./documents.ts";
import { diffDocument } from "./diff-document.ts";
import {
  evaluationEntry,
  leagueDocument,
  matchupDocument,
  scoreDocument,
  scoresDocument,
} from "./evaluation-documents.ts";
import type { Recording } from "./library.ts";
import { type OpenRuns, stampOf } from "./open-runs.ts";
import { picturesDocument } from "./pictures-document.ts";
import { scriptDocument, seriesDocument, stepsDocument, valueDocument } from "./rollout-documents.ts";
import { rolloutDocument } from "./rollout-overview.ts";
import { lineOf, rowsDocument, runDocument, runEntry, slowestDocument } from "./run-documents.ts";
import { stdioDocument } from "./stdio-document.ts";
import { toJson } from "./to-json.ts";
import { treeDocument } from "./tree-document.ts";

/**
 * The document at a path, such as `steps/lake/42/0`: what the server answers and a page carries.
 * @throws SameseedError `run_missing` where there is none, `run_damaged`, `bad_argument`, `io_failed`
 */
export async function readViewDocument(
  runs: OpenRuns,
  path: string,
  { served, token }: Pick<LibraryDocument, "served" | "token">,
): Promise<object> {
  const [kind = "", ...names] = path.split("/").map(decodedName);
  const [id = "", key = "", third = "", fourth = ""] = names;
  const { library } = runs;
  switch (kind) {
    case "library":
      return { ...(await libraryDocument(runs, served)), ...(token === undefined ? {} : { token }) };
    case "run":
      return await runDocument(runs, id);
    case "rows":
      return await rowsDocument(runs, id, wholeNumber(key));
    case "slowest":
      return await slowestDocument(runs, id);
    case "rollout":
      return await rolloutDocument(runs, id, key);
    case "steps":
      return stepsDocument(await runs.rollout(id, key), wholeNumber(third));
    case "value":
      return valueDocument(await runs.rollout(id, key), wholeNumber(third), fourth);
    case "series":
      return seriesDocument(await runs.rollout(id, key));
    case "pictures":
      return await picturesDocument(runs, id, key, wholeNumber(third));
    case "stdio":
      return await stdioDocument(runs, id, key);
    case "script":
      return await scriptDocument(runs, id, key);
    case "diff":
      return await diffDocument(runs, [id, key], [third, fourth]);
    case "tree":
      return await treeDocument(runs, id);
    case "matchup":
      return await matchupDocument(library, id);
    case "league":
      return leagueDocument(library, id);
    case "scores":
      return scoresDocument(library, id);
    case "score":
      return scoreDocument(library, id, key);
    case "audit":
      return await auditDocument(runs, id);
    default:
      throw new SameseedError("run_missing", "there is no such document");
  }
}

/** A path of a document. */
export function documentPath(kind: string, ...names: readonly (string | number)[]): string {
  return [kind, ...names.map((name) => encodeURIComponent(name))].join("/");
}

async function libraryDocument(runs: OpenRuns, served: boolean): Promise<LibraryDocument> {
  const entries: LibraryEntry[] = [];
  const recordings = runs.library.list();
  for (const recording of recordings)
    entries.push(
      await runs.entries.get(
        stampWithParts(recording, recordings),
        async () => await entryOf(runs, recording),
      ),
    );
  return { version: packageVersion(), served, entries };
}

/** What changes when a recording does, or a part of it. */
function stampWithParts({ id, dir }: Recording, recordings: readonly Recording[]): string {
  const parts = recordings.filter(({ part }) => part === id);
  return [id, stampOrNone(dir), ...parts.map((part) => stampWithParts(part, recordings))].join("\n");
}

function stampOrNone(dir: string): string {
  try {
    return stampOf(dir);
  } catch {
    return "damaged";
  }
}

/** A recording that cannot be read has a line that says so. */
async function entryOf(runs: OpenRuns, recording: Recording): Promise<LibraryEntry> {
  try {
    if (recording.kind === "run") return await runEntry(runs, recording);
    return await evaluationEntry(runs.library, recording);
  } catch (error) {
    return {
      ...lineOf(recording),
      title: "",
      policy: "",
      size: 0,
      missing: 0,
      faults: 0,
      mean: null,
      verdict: "never",
      createdAt: "",
      image: "",
      world: "",
      damage: toError(error).message,
    };
  }
}

async function auditDocument(runs: OpenRuns, id: string): Promise<AuditDocument> {
  const { recording, reader } = await runs.open(id);
  const report = readCertificate(recording.dir, reader.manifest);
  if (report === undefined)
    throw new SameseedError("run_missing", `${id} has no certificate that is about it`, {
      hint: "make one with `sameseed audit --run DIR`",
    });
  return { id, report: toJson(report) };
}

/** A part of a path. @throws `bad_argument` */
export function decodedName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new SameseedError("bad_argument", "a name is not encoded as in a URL");
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SameseedError("bad_argument", "a number was expected in the path");
}
