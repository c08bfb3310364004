import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { numberHere } from "../../security/walls/program-probes.ts";
import { runPython } from "./sealed-python.ts";

/* What the sealed world's library shares with children, for its counts, is a page for each, and nothing for other copies. */

afterAll(closeSandboxes);

const memory = readFileSync(join(import.meta.dirname, "../../security/probes/memory.py"), "utf8");
const program = `${memory}
libc.mremap.restype, libc.mremap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
def shared_pages():
    """Only what is shared can be mapped once more without being moved."""
    starts = [at for bit in range(17, 47) for at in mapped(1 << bit, 1 << bit)]
    pages = []
    for page in [start + at for start in starts for at in range(0, CHUNK, PAGE)]:
        again = libc.mremap(page, 0, PAGE, 1)
        if again not in (None, ctypes.c_void_p(-1).value): pages.append(libc.munmap(again, PAGE) or page)
    return pages
def in_child(make, act):
    ends = os.pipe()
    if make() == 0:
        os.write(ends[1], repr(act()).encode())
        os._exit(0)
    os.wait()
    return os.read(ends[0], 4096).decode()
def leave_a_word():
    for page in shared_pages(): ctypes.memmove(page + 64, b"a word", 6)
    return len(shared_pages())
def find_words():
    return sum(ctypes.string_at(page + 64, 6) == b"a word" for page in shared_pages())
print("before", len(shared_pages()))
print("first", in_child(os.fork, leave_a_word))
print("second", in_child(os.fork, find_words), in_child(os.fork, shared_pages) != "[]")
print("other copy", in_child(lambda: libc.syscall(${numberHere("clone")}, 17, 0, 0, 0, 0), lambda: len(shared_pages())))
`;

/* Beside its own page each has that of a file in the sandbox's /dev/shm, in which the sandbox's processes tell what they wait for. */
test("a child has a page of its own, the next one finds nothing there, and another copy has only the file", async () => {
  const said = await runPython(program);
  expect(said).toMatchObject({ stderr: "", ending: "own 0" });
  expect(said.stdout.trim().split("\n")).toEqual(["before 0", "first 2", "second 1 True", "other copy 1"]);
});

test("what children refused is counted, also of those that are gone and whose page another has", async () => {
  const counting = `import os
from sameseed import _zygote
with open("/tmp/static", "wb") as file:
    # An executable of 64 bits without an interpreter: a program this world cannot live in.
    file.write(bytes.fromhex("7f454c460201010000000000000000000200${process.arch === "x64" ? "3e" : "b7"}0001000000") + bytes(40) + bytes(64))
os.chmod("/tmp/static", 0o755)
devnull = os.open("/dev/null", os.O_WRONLY)
_zygote.world_step(0)
for _ in range(150):
    if os.fork() == 0:
        os.dup2(devnull, 2)
        try: os.execv("/tmp/static", ["static"])
        except OSError: os._exit(0)
    os.wait()
print(_zygote.world_step(1)[0][13], _zygote.world_step(2))`;
  const said = await runPython(counting);
  expect(said.stdout, said.stderr).toMatch(/^150 /);
});
