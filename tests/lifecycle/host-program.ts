/*
 * A program that uses sandboxes and ends in the way it is told. It says `ready` when a command, its daemon and a linked
 * pair of scripts are running.
 */
import { defaultLimits } from "../../src/model/limits.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { sharedBackend } from "../../src/sandbox/sandbox-host.ts";

const [, , ending, marker, kind] = process.argv;
const backend = sharedBackend("gymnasium", kind === "cold" ? "cold" : "zygote", "host");
const sandbox = await Sandbox.createOn(backend);

if (ending === "idle") {
  // The sandbox is open, nothing is waited for: this program ends by itself.
  await sandbox.run("sh", { args: ["-c", `sleep ${marker} &`] });
  console.log("ready");
} else {
  const started = Promise.withResolvers<void>();
  const line = `sleep ${marker} & echo started; exec sleep ${marker}`;
  const running = sandbox.run("sh", { args: ["-c", line], onStdout: () => started.resolve() });
  const script = { entry: "script", name: "sleeper.py", files: [], env: {} } as const;
  const source = "import os, time; os.write(1, b'.'); time.sleep(600)";
  const sleeper = { job: { ...script, source }, limits: defaultLimits };
  const sleeping = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await backend.start({
    members: [sleeper, sleeper],
    links: [[0, 1]],
    onOutput: (member) => sleeping[member]?.resolve(),
  });
  await Promise.all([started.promise, ...sleeping.map(({ promise }) => promise)]);
  console.log("ready");
  if (ending === "throw") throw new Error("thrown on purpose");
  if (ending === "exit") process.exit(0);
  await running;
}
