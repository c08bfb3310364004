import { afterEach, beforeEach, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import type { RunningSandbox } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { ask, codeOf, runGroup, startScript } from "../../src/testing/contract-check.ts";

/* Callers beyond the number of slots wait, in the order they came; none waits for ever. */

const sleeper = "import time\nwhile True: time.sleep(1)";
let backend: ZygoteBackend;

beforeEach(() => {
  backend = new ZygoteBackend(resolveImage(defaultImageName), { slotsMost: 2 });
});
afterEach(async () => {
  await backend.close();
});

async function start(signal?: AbortSignal): Promise<RunningSandbox> {
  const job = { entry: "script", name: "sleeper.py", source: sleeper, files: [], env: {} } as const;
  const [running] = await backend.start({
    members: [{ job, limits: defaultLimits }],
    links: [],
    onOutput: () => {},
    ...(signal === undefined ? {} : { signal }),
  });
  return running!;
}

test("more callers than slots are all served", async () => {
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => ask(backend, `print(${index})`)),
  );
  expect(answers).toEqual(Array.from({ length: 40 }, (_, index) => index));
});

test("groups of two are served when only two slots are, however many single ones come between", async () => {
  const link =
    "import socket\nlink = socket.socket(fileno=4)\nlink.sendall(b'x'); print(link.recv(1).decode())";
  const calls = Array.from({ length: 12 }, async (_, index) => {
    if (index % 3 === 0) return (await runGroup(backend, [link, link], [[0, 1]])).map(({ stdout }) => stdout);
    return await ask(backend, `print(${index})`);
  });
  const answers = await Promise.all(calls);
  expect(answers).toEqual(answers.map((_, index) => (index % 3 === 0 ? ["x\n", "x\n"] : index)));
});

test("an abort takes a waiting caller out, and those behind it are served", async () => {
  const busy = [await startScript(backend, sleeper), await startScript(backend, sleeper)];
  const abort = new AbortController();
  const aborted = codeOf(start(abort.signal));
  const behind = ask(backend, "print(7)");
  abort.abort();
  expect(await aborted).toBe("aborted");
  busy[0]!.kill();
  expect(await behind).toBe(7);
  busy[1]!.kill();
});

test("close ends what runs and refuses who waits", async () => {
  const busy = [await startScript(backend, sleeper), await startScript(backend, sleeper)];
  const waiting = codeOf(start());
  await backend.close();
  expect(await waiting).toBe("sandbox_closed");
  for (const each of busy) expect(await codeOf(each.ended)).toBe("zygote_failed");
  expect(await codeOf(start())).toBe("sandbox_closed");
});
