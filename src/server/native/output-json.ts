/*
 * Theory of operation. Output may have hundreds of megabytes, of which JSON would be some more. It is kept in parts, and the
 * answer is made of them one after the other, as its reader takes them.
 */
import { streamOf } from "./output-stream.ts";

/** Up to so many bytes the answer is made at once. */
const atOnceBytes = 64 * 1024;

/** What a command wrote, in parts. */
export interface OutputParts {
  readonly stdout: readonly Buffer[];
  readonly stderr: readonly Buffer[];
}

/**
 * A JSON answer of some facts, `stdout` and `stderr`.
 * @param onEnd called once, when everything is sent or the reader has gone
 */
export function resultJson(facts: object, output: OutputParts, onEnd: () => void): Response {
  const headers = { "content-type": "application/json" };
  const pieces = resultPieces(facts, output);
  const bytes = [...output.stdout, ...output.stderr].reduce((sum, { length }) => sum + length, 0);
  if (bytes > atOnceBytes) return streamOf(encoded(pieces), headers, onEnd);
  onEnd();
  return new Response([...pieces].join(""), { headers });
}

async function* encoded(pieces: Iterable<string>): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
}

function* resultPieces(facts: object, { stdout, stderr }: OutputParts): Generator<string, void, undefined> {
  yield `${JSON.stringify(facts).slice(0, -1)},"stdout":`;
  yield* outputPieces(stdout);
  yield `,"stderr":`;
  yield* outputPieces(stderr);
  yield "}";
}

/** Output in JSON, piece by piece: as `{text}` where it is UTF-8, else as `{base64}`. */
export function* outputPieces(parts: readonly Buffer[]): Generator<string, void, undefined> {
  const isText = isUtf8(parts);
  yield isText ? `{"text":"` : `{"base64":"`;
  yield* isText ? textPieces(parts) : base64Pieces(parts);
  yield `"}`;
}

/** A decoder that takes a byte order mark for what it is: a character. */
function decoder(): InstanceType<typeof TextDecoder> {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

function isUtf8(parts: readonly Buffer[]): boolean {
  const reading = decoder();
  try {
    for (const part of parts) reading.decode(part, { stream: true });
    reading.decode();
    return true;
  } catch {
    return false;
  }
}

function* textPieces(parts: readonly Buffer[]): Generator<string, void, undefined> {
  const reading = decoder();
  for (const part of parts) yield JSON.stringify(reading.decode(part, { stream: true })).slice(1, -1);
}

function* base64Pieces(parts: readonly Buffer[]): Generator<string, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for (const part of parts) {
    const all = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const whole = all.length - (all.length % 3);
    yield all.subarray(0, whole).toString("base64");
    rest = all.subarray(whole);
  }
  yield rest.toString("base64");
}
