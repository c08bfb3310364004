import { once } from "node:events";
import { afterAll, describe, expect, it } from "vitest";

import { errorDocument, runDocument } from "./documents.ts";
import { linesOf, sources, startSameseed, Workplace } from "./sameseed.ts";

const work = new Workplace(sources);
// In a sealed world it would not be slow.
const slow = ["run", "envs.py:Slow", "--world", "host", "--seeds", "1..60"];
const run = [...slow, "--concurrency", "2"];

afterAll(() => work[Symbol.dispose]());

/** Starts a run, waits until it has recorded so many rollouts, and sends it a signal. */
async function interrupt(
  out: string,
  signal: NodeJS.Signals,
  more: readonly string[] = [],
): Promise<Interrupted> {
  const { child, ended } = startSameseed([...run, "--out", out, "--ndjson", ...more], { cwd: work.folder });
  let seen = "";
  while (linesOf(seen).length < 4) {
    const [data] = (await once(child.stdout!, "data")) as [Buffer];
    seen += data.toString();
  }
  child.kill(signal);
  return { ...(await ended), recorded: linesOf(seen).length };
}

type Interrupted = Awaited<ReturnType<typeof startSameseed>["ended"]> & { readonly recorded: number };

describe("an interrupted run", () => {
  it("exits with 130, says how to go on, and goes on to the very digests of an undisturbed one", async () => {
    const { code, stdout, stderr } = await interrupt("cut", "SIGINT");
    expect(code).toBe(130);
    const [, count] = /interrupted; (\d+) of 60 rollouts are recorded in cut/.exec(stderr) ?? [];
    expect(Number(count)).toBeGreaterThanOrEqual(4);
    expect(Number(count)).toBeLessThan(60);
    expect(stderr).toMatch(/^ {2}resume: sameseed run envs\.py:Slow .*--out cut --resume$/m);
    const last = errorDocument.parse(JSON.parse(linesOf(stdout).at(-1)!));
    expect(last.error).toMatchObject({ code: "aborted", context: { recorded: Number(count), total: 60 } });

    const resumed = await work.run([...run, "--out", "cut", "--resume", "--json"]);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain(`${count} recorded before`);
    const whole = await work.run([...run, "--out", "whole", "--json"]);
    const digests = (text: string): (readonly [number, string])[] =>
      runDocument.parse(JSON.parse(text)).rollouts.map(({ seed, digest }) => [seed, digest]);
    expect(digests(resumed.stdout)).toHaveLength(60);
    expect(digests(resumed.stdout)).toEqual(digests(whole.stdout));
  });

  it("ends in order on SIGTERM too, and at once when it is killed; both times it can be resumed", async () => {
    expect((await interrupt("ended", "SIGTERM")).code).toBe(130);
    const killed = await interrupt("killed", "SIGKILL");
    expect(killed.signal).toBe("SIGKILL");
    const args = [...slow, "--out", "killed", "--resume", "--json"];
    const resumed = await work.run(args);
    expect(resumed.code).toBe(0);
    const [, count] = /(\d+) recorded before/.exec(resumed.stderr) ?? [];
    expect(Number(count)).toBeGreaterThanOrEqual(killed.recorded);
    expect(runDocument.parse(JSON.parse(resumed.stdout)).rollouts).toHaveLength(60);
  });

  it("ends at once the second time", async () => {
    // Its first output says that the command runs: how long that takes is the machine's affair.
    const script = "echo begun; exec sleep 60";
    const { child, ended } = startSameseed(["exec", "--world", "host", "--", "sh", "-c", script], {
      cwd: work.folder,
    });
    await once(child.stdout!, "data");
    child.kill("SIGINT");
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toBe("begun\n");
  });
});
