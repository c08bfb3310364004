import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the sandbox example does what its comments say", async () => {
  const example = fileURLToPath(new URL("../../examples/sandbox.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  expect(stdout.split("\n")).toEqual([
    "exit code 0: read 3 numbers",
    "mean 3",
    "the endless loop was ended",
    "a socket: PermissionError: [Errno 1] Operation not permitted",
    "",
  ]);
});
