import type { KeptStdio } from "../../../src/verify/stdio/stdio-file.ts";

/** What a rollout wrote, made up. */
export function keptStdio(rollout: string): KeptStdio {
  const nothing = { bytes: 0, text: "" };
  return {
    format: 1,
    rollout,
    image: "0".repeat(64),
    at: "2026-11-28T12:00:00.000Z",
    sameseedVersion: "0.0.0",
    exact: true,
    programs: [{ seat: null, stdout: { bytes: 3, text: "hi\n" }, stderr: nothing }],
  };
}
