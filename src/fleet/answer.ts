import { sha256Of } from "../base/digest.ts";
import type { JsonValue } from "../model/json.ts";
import type { FleetWorkKind } from "../rollout/rollout-fleet.ts";
import { exactJson } from "../store/exact-json.ts";
import { frameOf } from "./pack.ts";

/** What came of an item of a fleet's work. */
export interface Answer {
  readonly at: number;
  readonly answer: JsonValue;
}

/** An answer as it is in a pack. */
export function answerFrame(answer: Answer): Buffer {
  return frameOf(Buffer.from(exactJson(answer)), []);
}

/** Reads what {@link answerFrame} wrote; undefined where it is none. */
export function readAnswer(row: Buffer): Answer | undefined {
  try {
    const value = JSON.parse(row.toString()) as Partial<Answer> | null;
    if (typeof value?.at !== "number" || value.answer === undefined) return undefined;
    return { at: value.at, answer: value.answer };
  } catch {
    return undefined;
  }
}

const compared = ["digest", "score", "verdict", "passed", "total"] as const;

/**
 * What of an answer two hosts must agree about: a score with its digest, the verdict of an audit. Undefined where the load of a
 * machine has a say in it, as a limit of time has.
 */
export function saidBy(kind: FleetWorkKind, answer: JsonValue): string | undefined {
  const own = recordOf(answer);
  if (kind === "audits") return exactJson(recordOf(own["report"] ?? null)["verdict"] ?? own);
  const tests = Array.isArray(own["tests"]) ? (own["tests"] as JsonValue[]) : [];
  const isTimed = tests.some((test) => textOf(recordOf(test)["verdict"]).startsWith("time_limit"));
  // The digest alone is the host's own word about the rest.
  return isTimed ? undefined : exactJson(compared.map((name) => own[name] ?? null));
}

/** The leaf of an answer, as a rollout has one. 32 bytes. */
export function leafOfAnswer(kind: FleetWorkKind, spec: string, { at, answer }: Answer): Buffer {
  return sha256Of([`sameseed/answer/1\0${spec}\0${at}\0${saidBy(kind, answer) ?? ""}`]);
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function recordOf(value: JsonValue): Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)
    : {};
}
