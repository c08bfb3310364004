import type { OutputStream } from "./output-block.ts";
import { frame, framedOutput } from "./output-log.ts";
import type { ServedProcess } from "./sandbox-process.ts";

/** How output is read. */
export interface OutputReading {
  readonly from: number;
  /** Whether what comes later is waited for. */
  readonly follow: boolean;
  /** Called once, when everything is sent or the reader has gone. */
  readonly onEnd: () => void;
}

/**
 * A process's output as frames; where all of it was sent, the last frame is `end` with the process as JSON. A stream without
 * that frame was cut, or read without `follow` from a process that is still running.
 */
export function framesOf(process: ServedProcess, reading: OutputReading): Response {
  return streamOf(frames(process, reading), headersOf(process, framedOutput), reading.onEnd);
}

/** One stream of a process as raw bytes. */
export function rawOf(process: ServedProcess, stream: OutputStream, reading: OutputReading): Response {
  return streamOf(
    raw(process, stream, reading),
    headersOf(process, "application/octet-stream"),
    reading.onEnd,
  );
}

async function* frames(
  process: ServedProcess,
  { from, follow }: OutputReading,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { stream, data } of process.output.read(from, follow)) yield frame(stream, data);
  if (!process.output.isEnded) return;
  yield frame("end", Buffer.from(JSON.stringify(process.view)));
}

async function* raw(
  process: ServedProcess,
  stream: OutputStream,
  { from, follow }: OutputReading,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = from;
  for await (const part of process.output.read(0, follow)) {
    if (part.stream !== stream) continue;
    const data = part.data.subarray(Math.min(left, part.data.length));
    left -= part.data.length - data.length;
    if (data.length > 0) yield data;
  }
}

function headersOf({ id }: ServedProcess, type: string): Record<string, string> {
  return { "content-type": type, "sameseed-process": id };
}

/** A body that is made as it is taken: who reads slowly makes nobody else wait. */
export function streamOf(
  parts: AsyncGenerator<Uint8Array, void, undefined>,
  headers: Readonly<Record<string, string>>,
  onEnd: () => void,
): Response {
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await parts.next();
          if (done !== true) return controller.enqueue(value);
          onEnd();
          controller.close();
        } catch (error) {
          onEnd();
          controller.error(error);
        }
      },
      cancel() {
        onEnd();
        // The reader may be waiting for more: it ends by itself when that comes.
        void parts.return().catch(() => {});
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, { headers });
}
