/**
 * One sandbox: write a file, run it, read what it made. Nothing of it is left afterwards.
 *
 *     node examples/sandbox.ts
 */
import { Sandbox } from "../src/index.ts";

const program = `
import json, statistics, sys

numbers = [float(line) for line in sys.stdin]
with open("summary.json", "w") as file:
    json.dump({"count": len(numbers), "mean": statistics.mean(numbers)}, file)
print(f"read {len(numbers)} numbers")
`;

await using sandbox = await Sandbox.create({ memoryMb: 256, timeoutMs: 30_000 });

await sandbox.files.write("summarise.py", program);
const result = await sandbox.run("python3", { args: ["summarise.py"], input: "1\n2\n6\n" });
console.log(`exit code ${result.exitCode}: ${result.stdoutText.trim()}`);

const summary = JSON.parse(await sandbox.files.readText("summary.json")) as { count: number; mean: number };
console.log(`mean ${summary.mean}`);

// A program that fails, hangs or breaks out of its limits is a result too.
const endless = await sandbox.run("python3", { args: ["-c", "while True: pass"], timeoutMs: 300 });
console.log(endless.timedOut ? "the endless loop was ended" : "the endless loop ended by itself");

const outside = await sandbox.run("python3", { args: ["-c", "import socket; socket.socket()"] });
console.log(`a socket: ${outside.stderrText.trim().split("\n").at(-1)}`);
