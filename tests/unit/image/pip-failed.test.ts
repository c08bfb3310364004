import { expect, it } from "vitest";

import { pipFailed } from "../../../src/image/pip.ts";

const python = { series: "3.11", machine: "x86_64" } as Parameters<typeof pipFailed>[2];
const failed = (stderr: string): { message: string; hint: string | undefined } => {
  const { message, hint } = pipFailed(
    "x cannot be resolved",
    { exitCode: 1, stderr, stdout: "" },
    python,
    true,
  );
  return { message, hint };
};

it("says of a gym that cannot be built which one can", () => {
  const said = failed(
    "  error: subprocess-exited-with-error\n  error in gym setup command: 'extras_require' must be a dictionary\nerror: metadata-generation-failed\n",
  );
  expect(said.message).toContain("gym before 0.22 cannot be built");
  expect(said.hint).toContain("gym>=0.22,<0.26");
});

it.each([
  ["ERROR: Failed building wheel for nes-py\nsubprocess-exited-with-error", "of nes-py"],
  ["subprocess-exited-with-error\nerror in tiny setup command: no", "of tiny"],
  [
    "error: metadata-generation-failed\n× Encountered error while generating package metadata.\n╰─> See above for output.\n",
    "of a package",
  ],
  [
    "error: metadata-generation-failed\n× Encountered error while generating package metadata.\n╰─> from https://x/y\n",
    "of a package",
  ],
])("names the package whose build failed: %s", (stderr, name) => {
  expect(failed(stderr).message).toContain(`the source archive ${name}`);
});

it("names it by the folder that it was unpacked in, and says the build's last words", () => {
  const folder = "/tmp/pip-install-2dfb5tvk/pygame_c9b603608f1844539ae71fcc3ce8fcdb";
  const stderr = [
    "  error: subprocess-exited-with-error",
    "  × Getting requirements to build wheel did not run successfully.",
    "      [end of output]",
    `        File "${folder}/buildconfig/config_unix.py", line 39, in __init__`,
    "      IndexError: list index out of range",
    "      [end of output]",
    "  note: This error originates from a subprocess, and is likely not a problem with pip.",
  ].join("\n");
  expect(failed(stderr).message).toBe(
    "x cannot be resolved: the source archive of pygame could not be built (IndexError: list index out of range)",
  );
});
