/* Every call of the package that is served, and some that are not; each line says what came of one. */
import { Sandbox, SandboxClient } from "tensorlake";

const say = (name, value) => console.log(JSON.stringify([name, value]));
const refused = async (name, work) => {
  try {
    await work();
    say(name, "done");
  } catch (error) {
    say(
      name,
      `${error.constructor.name} ${/No such file|\bno [a-z]+|alive|sandboxes of this pool are open|this pool has/i.exec(error.message)?.[0] ?? error.message}`,
    );
  }
};
const bytes = (text) => new TextEncoder().encode(text);
const hasCopy = process.argv[2] === "copy";

const sandbox = await Sandbox.create({ memoryMb: 256 });
const script = "import sys; print('a\\nb'); print('c', file=sys.stderr); sys.exit(3)";
const { exitCode, stdout, stderr } = await sandbox.run("python3", { args: ["-c", script] });
say("run", [exitCode, stdout, stderr]);
say(
  "env",
  (await sandbox.run("sh", { args: ["-c", "echo $A; pwd"], env: { A: "é" }, workingDir: "/dev" })).stdout,
);
say("timeout", (await sandbox.run("sleep", { args: ["60"], timeout: 0.2 })).exitCode);
const content = Uint8Array.from({ length: 70_000 }, (_, at) => at % 256);
await sandbox.writeFile("/tmp/folder/a.bin", content);
say("file", Buffer.compare(Buffer.from(await sandbox.readFile("/tmp/folder/a.bin")), content));
say(
  "list",
  (await sandbox.listDirectory("/tmp/folder")).entries.map(({ name, isDir, size }) => [name, isDir, size]),
);
await refused("no file", async () => await sandbox.readFile("/tmp/none"));
const cat = await sandbox.startProcess("cat", { stdinMode: "pipe" });
await sandbox.writeStdin(cat.pid, bytes("one\ntw"));
await sandbox.writeStdin(cat.pid, bytes("o\nthree"));
await refused("busy", async () => await sandbox.checkpoint());
await sandbox.closeStdin(cat.pid);
const lines = [];
for await (const { line } of sandbox.followStdout(cat.pid)) lines.push(line);
say("follow", lines);
say("output", (await sandbox.getOutput(cat.pid)).lines);
const sleep = await sandbox.startProcess("sleep", { args: ["60"] });
await sandbox.sendSignal(sleep.pid, 15);
for await (const _ of sandbox.followOutput(sleep.pid));
say("signal", (await sandbox.getProcess(sleep.pid)).signal);
const killed = await sandbox.startProcess("sleep", { args: ["60"] });
await sandbox.killProcess(killed.pid);
for await (const _ of sandbox.followOutput(killed.pid));
say(
  "processes",
  (await sandbox.listProcesses()).map(({ status }) => status),
);
say("status", await sandbox.status());
const { snapshotId } = await sandbox.checkpoint();
await refused("memory", async () => await sandbox.checkpoint({ checkpointType: "memory" }));
await sandbox.deleteFile("/tmp/folder/a.bin");
const restored = await Sandbox.create({ snapshotId });
say("restored", (await restored.readFile("/tmp/folder/a.bin")).length);
await Sandbox.deleteSnapshot(snapshotId);
say("snapshots", (await restored.listSnapshots()).length);
if (hasCopy) {
  const { sandboxes } = await restored.copy({ times: 2 });
  const copy = await Sandbox.connect({ sandboxId: sandboxes[1].sandboxId });
  say("copy", [sandboxes.length, (await copy.readFile("/tmp/folder/a.bin")).length]);
}
await refused("suspend", async () => await sandbox.suspend());
await refused("network", async () => await Sandbox.create({ allowOut: ["192.0.2.1"] }));
await refused("image", async () => await Sandbox.create({ image: "/etc/passwd" }));
const client = new SandboxClient();
const { poolId } = await client.createPool({ image: "gymnasium", maxContainers: 1 });
const claimed = await client.claim(poolId);
await refused("full pool", async () => await client.claim(poolId));
await refused("used pool", async () => await client.deletePool(poolId));
await client.delete(claimed.sandboxId);
await client.deletePool(poolId);
await sandbox.terminate();
say("terminated", (await client.get(sandbox.sandboxId)).status);
for (const { sandboxId } of await Sandbox.list()) await client.delete(sandboxId);
say("left", (await Sandbox.list()).length);
