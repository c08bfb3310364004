/*
 * `sendmsg` in a sandbox, in either world: the wall refuses the call, and the C library's function sends the parts of a message as one.
 * What would pass a descriptor stays refused.
 */
import { afterAll, describe, expect, it } from "vitest";

import type { WorldMode } from "../../../src/model/receipt.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

async function say(world: WorldMode, body: string): Promise<string[]> {
  const begin = "import array, os, socket, threading\n";
  const { stdout, stderr, ending } = await runPython(`${begin}${body}`, { world });
  expect({ stderr, ending }).toEqual({ stderr: "", ending: "own 0" });
  return stdout.trim().split("\n");
}

describe.each(["sealed", "host"] as const)("a message in parts (%s)", (world) => {
  it("arrives as one, and a packet stays a packet", async () => {
    const told = await say(
      world,
      `for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    mine, other = socket.socketpair(socket.AF_UNIX, kind)
    print(mine.sendmsg([b"one ", b"", bytearray(b"two")]), other.recv(99), mine.sendmsg([]))
    mine.sendmsg([b"a"] * 3)
    mine.sendmsg([b"b"])
    print([other.recv(99) for _ in range(1 if kind == socket.SOCK_STREAM else 3)])
`,
    );
    expect(told).toEqual([
      "7 b'one two' 0",
      "[b'aaab']",
      "7 b'one two' 0",
      "[b'', b'aaa', b'b']",
      "7 b'one two' 0",
      "[b'', b'aaa', b'b']",
    ]);
  });

  it("is sent whole where its sender waits, however long it is", async () => {
    const told = await say(
      world,
      `mine, other = socket.socketpair()
got = bytearray()
def take():
    while part := other.recv(5000):
        got.extend(part)
reader = threading.Thread(target=take)
reader.start()
parts = [bytes([n]) * (n * 1000) for n in range(1, 60)]
print(mine.sendmsg(parts) == sum(map(len, parts)))
mine.close()
reader.join()
print(bytes(got) == b"".join(parts))
`,
    );
    expect(told).toEqual(["True", "True"]);
  });

  it("is sent as far as there is room where its sender does not wait", async () => {
    const told = await say(
      world,
      `mine, other = socket.socketpair()
mine.setblocking(False)
sent = 0
try:
    while sent < 1 << 24:
        sent += mine.sendmsg([b"x" * 7000, b"y" * 70000])
except BlockingIOError:
    print("full", sent > 0)
mine.close()
got = 0
while part := other.recv(1 << 16):
    got += len(part)
print(got == sent)
`,
    );
    expect(told).toEqual(["full True", "True"]);
  });

  it("passes no descriptor, and fails as it should", async () => {
    const told = await say(
      world,
      `mine, other = socket.socketpair()
def attempt(name, call):
    try:
        print(name, call())
    except OSError as error:
        print(name, os.strerror(error.errno))
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))]
attempt("rights", lambda: mine.sendmsg([b"x"], rights))
attempt("parts", lambda: mine.sendmsg([b"x"] * 2000))
packets, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
attempt("packet", lambda: packets.sendmsg([bytes(1 << 20), b"x"]))
file = os.open("/tmp/file", os.O_CREAT | os.O_RDWR)
attempt("file", lambda: socket.socket(fileno=file))
other.close()
attempt("gone", lambda: mine.sendmsg([b"x"]))
`,
    );
    expect(told).toEqual([
      "rights Operation not permitted",
      "parts Message too long",
      "packet Message too long",
      "file Socket operation on non-socket",
      "gone Broken pipe",
    ]);
  });
});
