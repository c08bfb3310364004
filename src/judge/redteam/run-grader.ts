import { Sandbox } from "../../sandbox/sandbox.ts";
import type { Grader } from "./graders.ts";

const timeoutMs = 20_000;

/** Whoever collects a program's output waits until everybody who can write to it is gone. */
const collect = `import subprocess, sys
try:
    ran = subprocess.run([sys.executable, "main.py"], capture_output=True, timeout=10)
except subprocess.TimeoutExpired:
    sys.exit(1)
sys.stdout.buffer.write(ran.stdout)
sys.exit(ran.returncode)
`;

/**
 * Runs one of the graders in common use on a solution, in a sandbox of Sameseed's: what it is fooled by stays there.
 * @throws as `Sandbox.create`
 */
export async function runGrader(grader: Grader, solution: string, signal?: AbortSignal): Promise<number> {
  await using sandbox = await Sandbox.create({
    timeoutMs,
    memoryMb: 1024,
    ...(signal === undefined ? {} : { signal }),
  });
  for (const [name, text] of Object.entries({ ...grader.files, "solution.py": solution, "run.py": collect }))
    await sandbox.files.write(`/tmp/work/${name}`, text);
  const { stdoutText, exitCode } = await sandbox.run("python3", { args: ["run.py"], cwd: "/tmp/work" });
  return grader.score(stdoutText, exitCode);
}
