import type { CaptureResult } from "../../verify/stdio/capture-stdio.ts";
import type { StdioText } from "../../model/stdio.ts";
import { count } from "./numbers.ts";

/** What the programs of a rollout wrote, stream by stream. */
export function stdioLines({ programs, exact }: CaptureResult): string[] {
  const streams = programs.flatMap(({ seat, stdout, stderr }) => {
    const who = seat === null ? "environment" : `policy of ${seat}`;
    return [...streamLines(`${who}, stdout`, stdout), ...streamLines(`${who}, stderr`, stderr)];
  });
  const limit = exact ? [] : ["", "a limit ended the rollout again, after another number of steps"];
  return [...limit, ...(streams.length === 0 ? ["", "nothing was written to stdout and stderr"] : streams)];
}

function streamLines(name: string, { bytes, text, tail }: StdioText): string[] {
  if (bytes === 0) return [];
  const rest = tail === undefined ? [] : ["  …", ...indented(tail)];
  return ["", `${name}, ${count(bytes, "byte")}:`, ...indented(text), ...rest];
}

function indented(text: string): string[] {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `  ${line}`);
}
