import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { MachineSpec } from "./host-list.ts";
import type { BootFiles } from "./root-file-system.ts";

/** One line that a machine told. */
export interface Told {
  readonly session: string;
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly [more: string]: unknown;
}

/** A program that is a machine, or runs the suite here, and its words. */
export interface Command {
  readonly program: string;
  readonly words: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** What a machine reads and writes. */
export interface MachineFiles extends BootFiles {
  /** The disk with the suite, which a machine reads and never changes. */
  readonly suite: string;
  /** Where its console and what it told are kept. */
  readonly folder: string;
}

/** Processors that run as fast as this host lets them; time in the machine is this host's. */
const free = "-accel tcg,thread=multi -smp 2";
/** One processor, whose instructions are the machine's time. */
const counted = "-accel tcg -icount shift=0 -smp 1";

function emulation(host: MachineSpec, files: MachineFiles): Command {
  const isArm = host.architecture === "arm64";
  const disk = (file: string): string => `file=${file},format=raw,if=virtio,snapshot=on`;
  const line = [`console=${isArm ? "ttyAMA0" : "ttyS0"}`, "quiet", "panic=-1", ...(host.kernelWords ?? [])];
  const common = "-m 2048 -display none -nic none -no-reboot -device virtio-serial-pci";
  const words = ["-machine", isArm ? "virt" : "q35", "-cpu", isArm ? "max,pauth-impdef=on" : "max"];
  words.push(...(host.isCounted === true ? counted : free).split(" "), ...common.split(" "));
  words.push("-kernel", files.kernel, ...(files.initramfs === undefined ? [] : ["-initrd", files.initramfs]));
  words.push("-append", line.join(" "), "-serial", `file:${join(files.folder, "console.log")}`);
  words.push("-drive", disk(files.root), "-drive", disk(files.suite));
  words.push("-chardev", `file,path=${join(files.folder, toldFile)},id=told`);
  words.push("-device", "virtserialport,chardev=told");
  return { program: isArm ? "qemu-system-aarch64" : "qemu-system-x86_64", words };
}

function userMode(host: MachineSpec, files: MachineFiles): Command {
  const changes = ["root", "suite"].map((name) => join(files.folder, `${name}.changes`));
  for (const file of changes) rmSync(file, { force: true });
  const words = ["mem=2048M", `ubd0=${changes[0]},${files.root}`, `ubd1=${changes[1]},${files.suite}`];
  words.push("root=/dev/ubda", "rw", "quiet", "con=null", "con0=null,fd:1", "ssl=null");
  words.push(`sameseed.told=${files.folder}`, ...(host.kernelWords ?? []));
  // Its memory is a file, which must not lie on a disk.
  return { program: files.kernel, words, env: { ...process.env, TMPDIR: "/dev/shm" } };
}

/** The command that is a machine. */
export function machineCommand(host: MachineSpec, files: MachineFiles): Command {
  return host.machine === "user-mode" ? userMode(host, files) : emulation(host, files);
}

/** Where a host tells, in its folder. */
export const toldFile = "results.jsonl";

/**
 * Starts a machine, waits until it has switched itself off, and gives what it told. Its console is kept in the folder.
 * @param timeoutMs how long it may take: its processor is made of software
 */
export async function runMachine(host: MachineSpec, files: MachineFiles, timeoutMs: number): Promise<Told[]> {
  const log = host.machine === "user-mode" ? "console.log" : "qemu.log";
  return await runToEnd(machineCommand(host, files), files.folder, log, timeoutMs);
}

/**
 * Runs what tells into a folder's file, to its end, and gives what it told.
 * @param log the file of the folder that gets what it says
 */
export async function runToEnd(
  { program, words, env }: Command,
  folder: string,
  log: string,
  timeoutMs: number,
): Promise<Told[]> {
  const results = join(folder, toldFile);
  rmSync(results, { force: true });
  const said = openSync(join(folder, log), "w");
  // A group of its own: User Mode Linux is many processes, which end together.
  const machine = spawn(program, words, { stdio: ["ignore", said, said], detached: true, env });
  const stop = (): void => {
    if (machine.pid !== undefined && machine.exitCode === null && machine.signalCode === null)
      process.kill(-machine.pid, "SIGKILL");
  };
  const timer = setTimeout(stop, timeoutMs);
  process.once("exit", stop);
  // A signal ends a program without its `exit`, and would leave the machine, which writes where the next one does.
  const end = (): void => process.exit(1);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, end);
  try {
    await once(machine, "close");
  } finally {
    clearTimeout(timer);
    process.off("exit", stop);
    for (const signal of signals) process.off(signal, end);
    closeSync(said);
  }
  return existsSync(results) ? readTold(readFileSync(results, "utf8")) : [];
}

/** The lines of a machine that was perhaps cut off: what is no JSON is left out. */
export function readTold(text: string): Told[] {
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as Told];
    } catch {
      return [];
    }
  });
}
