import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import type { WorldMode } from "../../src/model/receipt.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { openTree, talkAlone, talkTo, type Talk } from "../trunks.ts";

/*
 * A copy goes on as what it was copied from would have. Each program runs straight through in an ordinary sandbox; in a
 * trunk that is copied at the fork point and goes on; in its first branch and its fiftieth; from a checkpoint; and from a
 * checkpoint of what went on from a checkpoint. All say the same.
 */

/** What lies before the fork point, and what after it. */
interface Program {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const observe = `
def look():
    import os, random, sys, resource
    import numpy as np
    o = object()
    return (rng.random(), random.random(), np.random.random(), os.getpid(), os.getppid(), os.getcwd(), os.getuid(),
            os.getsid(0), os.getpgid(0), hash("x"), os.umask(0o022), sorted(os.environ), len(sys.modules),
            resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_NOFILE))
`;

const programs: Readonly<Record<string, Program>> = {
  generators: {
    before: [
      `import random, numpy as np\nrng = np.random.default_rng(5)\nrandom.seed(3)\nnp.random.seed(4)\n${observe}\nsaid = look()`,
      "values = (rng.random() for _ in range(100))\nsaid = next(values)",
      "said = look()",
    ],
    after: ["said = look()", "said = [next(values) for _ in range(3)]", "said = look()"],
  },
  "a heap that grows and shrinks": {
    before: ["kept = [bytes(i) for i in range(20_000)]\nsaid = len(kept)", "del kept[::3]\nsaid = len(kept)"],
    after: [
      "kept += [str(i) for i in range(5_000)]\nsaid = hash(tuple(kept))",
      "said = list({str(i) for i in range(50)})",
      "import json\nsaid = json.dumps({'a': [1.5, None]})",
    ],
  },
  "the working folder and the mask": {
    before: ["import os\nos.makedirs('/tmp/a/b')\nos.chdir('/tmp/a/b')\nos.umask(0o077)\nsaid = os.getcwd()"],
    after: [
      "open('here', 'w').write('x')\nsaid = (os.getcwd(), os.stat('here').st_mode, os.listdir('/tmp/a/b'))",
      "said = os.umask(0)",
    ],
  },
  "files in /tmp": {
    before: [
      "import os\nfor name in 'cab': open(f'/tmp/{name}', 'w').write(name * 1000)\nos.mkdir('/tmp/folder', 0o750)\nopen('/tmp/folder/in', 'wb').write(bytes(300_000))\nsaid = os.listdir('/tmp')",
      "os.link('/tmp/a', '/tmp/folder/link')\nos.symlink('a', '/tmp/soft')\nos.mkfifo('/tmp/pipe')\nos.chmod('/tmp/b', 0o604)\nos.utime('/tmp/b', (5, 6))\nos.utime('/tmp/folder', (7, 8))\nsaid = None",
      "with open('/tmp/holes', 'wb') as f: f.seek(1_000_000); f.write(b'end')\nopen('/dev/shm/shared', 'w').write('shm')\nos.remove('/tmp/c')\nsaid = None",
      "open('/tmp/last', 'w').write('last')\nsaid = None",
    ],
    after: [
      `def walk():
    seen = []
    for folder, folders, files in os.walk('/tmp'):
        for name in ['.', *folders, *files]:
            path = os.path.join(folder, name)
            s = os.lstat(path)
            seen.append((path, oct(s.st_mode), s.st_nlink, s.st_size, s.st_ino, s.st_uid, s.st_gid, int(s.st_mtime) < 100 and s.st_mtime))
    return seen
said = walk()`,
      "said = [os.readlink('/tmp/soft'), open('/tmp/soft').read(), open('/tmp/folder/in', 'rb').read() == bytes(300_000), open('/dev/shm/shared').read(), os.stat('/tmp/holes').st_blocks < 100]",
      "open('/tmp/a', 'a').write('more')\nsaid = (open('/tmp/folder/link').read()[-6:], walk())",
      "open('/tmp/new', 'w').close()\nsaid = (os.stat('/tmp/new').st_ino, os.listdir('/tmp'))",
    ],
  },
  "open files": {
    before: [
      "import os\nf = open('/tmp/f', 'w+')\nf.write('0123456789')\nf.flush()\nf.seek(4)\nsaid = f.read(1)",
      "a = os.open('/tmp/f', os.O_RDONLY)\nb = os.dup(a)\nos.lseek(a, 3, 0)\nlog = open('/tmp/log', 'a')\nlog.write('one\\n')\nlog.flush()\nsaid = (a, b, log.fileno())",
    ],
    after: [
      "said = (f.read(1), os.read(a, 2), os.read(b, 2))",
      "log.write('two\\n')\nlog.flush()\nsaid = (open('/tmp/log').read(), os.get_inheritable(a), os.open('/tmp/f', os.O_RDONLY))",
      "os.lseek(b, 0, 0)\nsaid = (os.read(a, 3), f.tell())",
    ],
  },
};

const sealedPrograms: Readonly<Record<string, Program>> = {
  "clocks, entropy and addresses": {
    before: [
      "import os, time, uuid, secrets\nsaid = (time.time(), time.monotonic(), os.urandom(4), id(object()), id([]), uuid.uuid4())",
      "time.sleep(2.5)\nsaid = (time.time_ns(), os.stat('/tmp').st_dev, os.fstat(1).st_ino, os.fstat(3).st_dev)",
      "import signal\nhits = []\nsignal.signal(signal.SIGALRM, lambda *_: hits.append(time.time()))\nsignal.setitimer(signal.ITIMER_REAL, 1, 1)\nsaid = 1",
    ],
    after: [
      "said = (time.time(), time.monotonic(), os.urandom(4), id(object()), id([]), uuid.uuid4())",
      "said = [id(object()) for _ in range(5)] + [secrets.token_hex(4), time.perf_counter_ns()]",
      "time.sleep(3.2)\nsaid = (time.time_ns(), hits)",
      "said = (os.stat('/tmp').st_dev, os.fstat(1).st_ino, os.fstat(3).st_dev, os.stat('/tmp').st_mtime)",
      "open('/tmp/later', 'w').write('x')\nsaid = os.stat('/tmp/later')",
    ],
  },
  "processes made before": {
    before: [
      "import subprocess, os\ncommand = ['python3', '-c', 'import os, time; print(os.getpid(), time.time(), os.urandom(3))']\nsaid = 1",
    ],
    after: ["said = subprocess.run(command, capture_output=True).stdout.split()[1:]"],
  },
};

async function play(talk: Talk, messages: readonly string[]): Promise<string[]> {
  const said = [];
  for (const message of messages) said.push(await talk.ask(message));
  return said;
}

for (const world of ["host", "sealed"] as const satisfies readonly WorldMode[]) {
  describe(`in the ${world} world`, () => {
    let backend: ZygoteBackend;
    beforeAll(() => void (backend = new ZygoteBackend(resolveImage(defaultImageName), { world })));
    afterAll(async () => await backend.close());

    const all = { ...programs, ...(world === "sealed" ? sealedPrograms : {}) };
    test.each(Object.keys(all))("%s: trunk, branches and checkpoints go on alike", async (name) => {
      const { before, after } = all[name]!;
      const alone = await talkAlone(backend, world);
      const prefix = await play(alone, before);
      const straight = await play(alone, after);
      alone.sandbox.kill();
      expect([...prefix, ...straight].filter((line) => /Error/.test(line))).toEqual([]);

      const { tree, trunk } = await openTree(backend, world);
      expect(await play(trunk, before)).toEqual(prefix);
      expect(await tree.trunk.copyRefusal()).toBeUndefined();
      const checkpoint = await tree.trunk.checkpoint();
      for (let number = 1; number <= 50; number++) {
        const branch = await talkTo((plan) => tree.trunk.branch(plan));
        if ([1, 2, 50].includes(number)) expect(await play(branch, after)).toEqual(straight);
        branch.sandbox.kill();
        await branch.sandbox.ended;
      }
      expect(await play(trunk, after)).toEqual(straight);
      const resumed = await talkTo((plan) => checkpoint.resume(plan));
      const again = await (resumed.sandbox as typeof tree.trunk).checkpoint();
      expect(await play(resumed, after)).toEqual(straight);
      const third = await talkTo((plan) => again.resume(plan));
      expect(await play(third, after)).toEqual(straight);
      const late = await talkTo((plan) => again.branch(plan));
      expect(await play(late, after)).toEqual(straight);
      await tree.close();
    });
  });
}
