import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { ask, codeOf, eventually } from "../../src/testing/contract-check.ts";
import { alive, descendants } from "../lifecycle/left-behind.ts";
import { openTree, talkTo, type Opened } from "../trunks.ts";

/*
 * An environment that knows how trunks work and turns against them. It holds rights in a user namespace of its own, and
 * the descriptor that streams for copies come over. What it spoils is its own tree.
 */

let backend: ZygoteBackend;
let other: Opened;
let opened: Opened;

beforeAll(async () => {
  backend = new ZygoteBackend(resolveImage(defaultImageName));
  other = await openTree(backend);
});
afterAll(async () => await backend.close());
beforeEach(async () => void (opened = await openTree(backend)));

/** The other tree, and sandboxes of no tree, are as they were. */
async function expectOthersUnharmed(): Promise<void> {
  const branch = await talkTo((plan) => other.tree.trunk.branch(plan));
  expect(await branch.ask("said = 7")).toBe("7");
  branch.sandbox.kill();
  await branch.sandbox.ended;
  expect(await ask(backend, "print(7)")).toBe(7);
}

/** Reads the order for a copy itself, takes the stream that came with it, and says something there. */
const thief = (says: string): string => `
import array, os, socket, struct, time
os.write(3, b"'ready'\\n")
head = os.read(3, 13)
tree = socket.socket(fileno=os.dup(1000))
message, rights, _, _ = tree.recvmsg(4, socket.CMSG_SPACE(12))
stream, notice, proc = array.array("i", rights[0][2][:12])
index, number = struct.unpack("<II", head[5:])
def say(kind, body, length=None):
    os.write(stream, struct.pack("<IBBH", len(body) if length is None else length, ord(kind), 3, 0) + body)
${says}
time.sleep(600)
`;

const lies: Readonly<Record<string, readonly [says: string, code: string]>> = {
  "a message without end": ["say('O', b'x', 0xffffffff)", "protocol_broken"],
  "an answer to nothing": ["say('X', bytes(48))", "protocol_broken"],
  "a copy that is none": ["say('Z', struct.pack('<II', index, number))", "sandbox_failed"],
  "another copy's number": ["say('Z', struct.pack('<II', index, number + 1))", "protocol_broken"],
};

test.each(Object.keys(lies))("a trunk that says what it should not: %s", async (name) => {
  const [says, code] = lies[name]!;
  const { tree, trunk } = await openTree(backend, "host", {}, thief(says));
  await eventually(() => trunk.lines.length > 0);
  const below = backend.treePids.slice(-1).flatMap(descendants);
  expect(below.length).toBeGreaterThan(0);
  expect(await codeOf(talkTo((plan) => tree.trunk.branch(plan)))).toBe(code);
  expect(await eventually(() => alive(below).length === 0)).toBe(true);
  await expectOthersUnharmed();
});

test("a copy that says it could not be made is believed, and harms nobody", async () => {
  const says = "say('E', b'no')";
  const { tree, trunk } = await openTree(backend, "host", {}, thief(says));
  await eventually(() => trunk.lines.length > 0);
  expect(await codeOf(talkTo((plan) => tree.trunk.branch(plan)))).toBe("not_copyable");
  await tree.close();
  await expectOthersUnharmed();
});

const reach = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    ctypes.set_errno(0)
    return (getattr(libc, name)(*args), os.strerror(ctypes.get_errno()))
`;

test("its rights reach no further than its own namespaces", async () => {
  const { trunk } = opened;
  await trunk.ask(reach);
  // Its own namespace lets it mount a file system in memory; the kernel's, and another root, are out of its reach.
  for (const kind of ["proc", "sysfs", "cgroup", "cgroup2", "ext4"])
    expect(await trunk.ask(`said = call('mount', b'x', b'/tmp', b'${kind}', 0, None)[0]`)).toBe("-1");
  for (const name of ["umount2", "pivot_root", "setns", "unshare", "ptrace", "bpf", "open_by_handle_at"])
    expect(await trunk.ask(`said = call('${name}', 0, 0, 0, 0)[0] if hasattr(libc, '${name}') else -1`)).toBe(
      "-1",
    );
  expect(await trunk.ask("said = call('setuid', 0)[0], call('sethostname', b'x', 1)[0]")).toBe("(-1, -1)");
  // The tree of the image is read-only, and stays it.
  expect(await trunk.ask("said = call('mount', None, b'/', None, 32 | 4096, None)[0]")).toBe("-1");
  expect(await trunk.ask("open('/opt/x', 'w')")).toMatch(/OSError|PermissionError/);
  // Nobody outside is there to be signalled.
  expect(
    await trunk.ask(
      "import signal\ntry: os.kill(-1, signal.SIGKILL); said = 'sent'\nexcept ProcessLookupError: said = 'nobody'",
    ),
  ).toBe("'nobody'");
  await expectOthersUnharmed();
  await opened.tree.close();
});

test("the outer wall's /proc, which it can steal, shows its own tree only, and lets it into none of it", async () => {
  const says = `
pids = [int(name) for name in os.listdir(os.open(".", os.O_RDONLY, dir_fd=proc)) if name.isdigit()]
own, found = int(os.readlink("self", dir_fd=proc)), []
for pid in pids:
    for file in ("mem", "environ", "maps", "fd/3", "root", "cwd"):
        try: os.close(os.open(f"{pid}/{file}", os.O_RDONLY, dir_fd=proc))
        except OSError: continue
        if pid != own: found.append(file)
    # The slot runs as the same user; its ids are mapped once and for all.
    for file in ("uid_map", "gid_map"):
        try: os.write(os.open(f"{pid}/{file}", os.O_WRONLY, dir_fd=proc), b"0 0 1")
        except OSError: continue
        found.append(file)
os.write(3, (repr((len(pids), found)) + "\\n").encode())`;
  const { tree, trunk } = await openTree(backend, "host", {}, thief(says));
  await eventually(() => trunk.lines.length > 0);
  const branch = codeOf(talkTo((plan) => tree.trunk.branch(plan)));
  await eventually(() => trunk.lines.length > 1);
  // bubblewrap's first process, the zygote, the slot, the trunk.
  expect(trunk.lines[1]).toBe("(4, [])");
  await tree.close();
  await branch;
  await expectOthersUnharmed();
});
