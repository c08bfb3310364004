/*
 * File locks among the processes of one sandbox, although the wall lets no lock through to the kernel.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { inParallel } from "../fixtures.ts";
import { compileFixture, runProgram } from "./native-program.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const read = (name: string): string => readFileSync(join(import.meta.dirname, "programs", name), "utf8");
const program = read("locks.py");

const expected = {
  "again by the owner": "ok",
  "another's range": "EAGAIN",
  "a hole in it": "ok",
  "behind the hole": "EAGAIN",
  "asking the owner": true,
  "asking who has it": "ok",
  "after any descriptor was closed": "ok",
  shared: "ok",
  "exclusive beside shared": "EAGAIN",
  "a descriptor for reading": "EBADF",
  "flock of another open file": "EAGAIN",
  "flock in a child that inherited it": "ok",
  "flock held by a copy": "EAGAIN",
  "flock with no copy left": "ok",
  "open file lock": "EAGAIN",
  "record lock beside it": "EAGAIN",
  held: "EAGAIN",
  "waited for": 7,
  "after a kill": -9,
  "another program": true,
  "image, record": "ENOLCK",
  "image, flock": "ENOLCK",
  "image, open file": "ENOLCK",
  "a second connection": [[0]],
  "writing beside an open transaction": "database is locked",
  "after its commit": "ok",
  "two programs, delete": [[0, 0], 80, true],
  "two programs, wal": [[0, 0], 80, true],
};

describe.each(["sealed", "host"] as const)("locks in the %s world", (world) => {
  it("exclude as the kernel's do, and databases can be used", async () => {
    const { stdout, stderr, ending } = await runPython(program, { world });
    expect(ending, stderr).toBe("own 0");
    expect(JSON.parse(stdout)).toEqual(expected);
    expect(stderr).toMatch(/^sameseed: a lock on one of the image's files was refused \(ENOLCK\)[^\n]*\n$/);
  });

  it("are kept while programs are started, which have none of them, and by each of several threads", async () => {
    const { stdout, stderr, ending } = await runPython(read("locks_beside.py"), { world });
    expect(ending, stderr).toBe("own 0");
    expect(JSON.parse(stdout)).toEqual({
      "held while programs are started": true,
      "given back": "ok",
      "a child's": 0,
      "refused to threads": 800,
      "left by threads": ["ok", "ok"],
    });
  });
});

describe("locks in the sealed world", () => {
  it("are the sandbox's own: eight at a time do not meet", async () => {
    const said = await inParallel(8, 8, async () => await runPython(program));
    for (const { stdout } of said) expect(JSON.parse(stdout)).toEqual(expected);
  });

  it("on the image's files are counted as refused", async () => {
    const said = await runPython(
      "import fcntl\nfrom sameseed import _zygote\nfile = open('/etc/passwd')\n_zygote.world_step(0)\n" +
        "for _ in range(3):\n    try: fcntl.flock(file, fcntl.LOCK_SH)\n    except OSError: pass\n" +
        "print(_zygote.world_step(1)[0][13])",
    );
    expect(said.stdout).toBe("3\n");
  });

  it("by an instruction reach no kernel", async () => {
    const said = await runProgram(compileFixture("raw_locks.c", "-w"));
    expect(said.stdout).toBe("record -37\nopen file -37\nflock -37\nby function 0 0\n");
  });
});
