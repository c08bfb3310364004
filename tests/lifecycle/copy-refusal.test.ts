import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { ColdBackend } from "../../src/sandbox/cold/backend.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { codeOf } from "../../src/testing/contract-check.ts";
import { openTree, talkTo, type Opened, type Talk } from "../trunks.ts";

/* States that are replayed, because a copy would not be the same: the reason is said, and nothing else happens. */

let backend: ZygoteBackend;
let opened: Opened;

beforeAll(() => void (backend = new ZygoteBackend(resolveImage(defaultImageName))));
afterAll(async () => await backend.close());
beforeEach(async () => void (opened = await openTree(backend)));
afterEach(async () => await opened.tree.close());

async function branch(): Promise<Talk> {
  return await talkTo((plan) => opened.tree.trunk.branch(plan));
}

describe("what cannot be copied", () => {
  const cases = {
    "a thread": [
      "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
      /threads/,
    ],
    "a child": ["import subprocess; p = subprocess.Popen(['sleep', '60'])", /child process/],
    "a dead child": ["import os, time\nif os.fork() == 0: os._exit(0)\ntime.sleep(0.2)", /child process/],
    "shared memory": ["import mmap; m = mmap.mmap(-1, 4096)", /memory that other/],
    "a mapped file": [
      "import mmap; open('/tmp/m', 'wb').write(bytes(4096)); f = open('/tmp/m', 'rb'); m = mmap.mmap(f.fileno(), 0, mmap.MAP_PRIVATE); f.close()",
      /file in \/tmp in its memory/,
    ],
    "a socket": ["import socket; pair = socket.socketpair()", /descriptor 4 is no file/],
    "a file of the image": ["f = open('/etc/passwd')", /descriptor 4 is no file/],
    "a folder": ["import os; f = os.open('/tmp', 0)", /descriptor 4 is no file/],
    "a file without a name": ["import tempfile; f = tempfile.TemporaryFile()", /without a name/],
    "a stream of its own": [
      "import os; os.dup2(os.open('/tmp/o', os.O_CREAT | os.O_RDWR), 1)",
      /descriptor 1/,
    ],
    "a stream that does not wait": ["import os; os.set_blocking(1, False)", /descriptor 1/],
    "a timer": ["import signal; signal.setitimer(signal.ITIMER_REAL, 1000)", /a timer/],
    "a timer of CPU time": ["import signal; signal.setitimer(signal.ITIMER_PROF, 1000)", /a timer/],
    "a signal that waits": [
      "import os, signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); os.kill(1, signal.SIGUSR1)",
      /a signal waits/,
    ],
    "a folder that is gone": [
      "import os; os.mkdir('/tmp/d'); os.chdir('/tmp/d'); os.rmdir('/tmp/d')",
      /folder is gone/,
    ],
    "a device of its own": [
      "import socket, os; os.mkfifo('/tmp/p'); f = os.open('/tmp/p', os.O_RDWR)",
      /regular file/,
    ],
  } as const;
  test.each(Object.keys(cases) as (keyof typeof cases)[])("%s", async (name) => {
    const [source, reason] = cases[name];
    expect(await opened.trunk.ask(source)).toBe("None");
    await expect(branch()).rejects.toThrow(reason);
    expect(await codeOf(opened.tree.trunk.checkpoint())).toBe("not_copyable");
    // It goes on as if nobody had asked.
    expect(await opened.trunk.ask("said = 7")).toBe("7");
  });

  test("what ended can", async () => {
    await opened.trunk.ask(
      "import threading, subprocess; t = threading.Thread(target=int); t.start(); t.join(); subprocess.run(['true'])",
    );
    expect(await (await branch()).ask("said = 7")).toBe("7");
  });
});

test("the cold backend copies nothing", async () => {
  const cold = new ColdBackend(resolveImage(defaultImageName));
  expect(await codeOf(openTree(cold))).toBe("not_copyable");
  await cold.close();
});
