import { afterAll, describe, expect, it } from "vitest";

import { Workplace } from "./sameseed.ts";

const work = new Workplace();

afterAll(() => work[Symbol.dispose]());

const python = (source: string): string[] => ["exec", "--", "python3", "-c", source];

describe("exec", () => {
  it("passes bytes through both ways, and nothing of its own", async () => {
    const input = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff);
    const { code, bytes, stderr } = await work.run(["exec", "--", "cat"], { input });
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(bytes.equals(input)).toBe(true);
  });

  it("keeps the two outputs apart", async () => {
    const ended = await work.run(["exec", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(ended).toMatchObject({ code: 7, stdout: "out\n", stderr: "err\n" });
  });

  it.for<[string, string[], number, RegExp]>([
    ["a code of its own", python("raise SystemExit(42)"), 42, /^$/],
    ["a signal of its own", python("import os; os.kill(os.getpid(), 15)"), 143, /^$/],
    ["a wall limit", ["exec", "--wall-ms", "700", "--", "sleep", "60"], 124, /700 ms \(--wall-ms\)/],
    ["too much output", ["exec", "--", "sh", "-c", "yes | head -c 300000000"], 137, /printed more than/],
    ["no such command", ["exec", "--", "frobnicate"], 127, /cannot be started/],
  ])("%s", async ([, args, code, says]) => {
    const ended = await work.run(args);
    expect(ended.code).toBe(code);
    expect(ended.stderr.trim()).toMatch(says);
  });

  it("hands on what looks like its own options", async () => {
    const args = ["python3", "-c", "import sys; print(sys.argv[1:])", "--json", "--image", "-h", "--"];
    const { code, stdout } = await work.run(["exec", ...args]);
    expect(code).toBe(0);
    expect(stdout).toBe("['--json', '--image', '-h', '--']\n");
  });

  it("runs in a sealed world where it is asked to, the same for a seed each time", async () => {
    const source = "import os, time; print(time.time(), os.urandom(4).hex())";
    const sealed = async (seed: string): Promise<string> => {
      const args = ["exec", "--world", "sealed", "--seed", seed, "--", "python3", "-c", source];
      return (await work.run(args)).stdout;
    };
    const first = await sealed("7");
    expect(first).toMatch(/^9466848\d\d\.\d+ [0-9a-f]{8}\n$/);
    expect(await sealed("7")).toBe(first);
    expect(await sealed("8")).not.toBe(first);
  });

  it("runs cold too, in a folder that is empty and gone afterwards", async () => {
    const source = "import os; print(os.getcwd(), os.listdir('.')); open('x', 'w').close()";
    for (const more of [[], ["--cold"]]) {
      const { stdout } = await work.run(["exec", ...more, "--", "python3", "-c", source]);
      expect(stdout).toBe("/tmp []\n");
    }
  });
});
