import { hostArchitecture } from "../../../src/sandbox/seccomp/compile.ts";
import {
  sandboxPolicy,
  slotPolicy,
  type CallRule,
  type Verdict,
} from "../../../src/sandbox/seccomp/policy.ts";
import { syscallNumbers } from "../../../src/sandbox/seccomp/syscall-numbers.ts";
import { program, type Probe } from "./probe.ts";

/** A call with arguments; without any, all six are -1. */
export interface ProbedCall {
  readonly name: string;
  readonly arguments?: readonly number[];
}

const meaningless = [-1, -1, -1, -1, -1, -1];
const tight = { memoryMb: 64, diskMb: 16, processes: 20, cpuMs: 1_000, wallMs: 20_000 };

/** A call's number on this host, or undefined where its architecture has none. */
export function numberHere(name: string): number | undefined {
  const number = syscallNumbers[name]?.[hostArchitecture() === "aarch64" ? 1 : 0];
  return number === undefined || number < 0 ? undefined : number;
}

/** What the intact wall answers to a call: an errno, or 0 where it lets it pass. */
function refusal({ name, arguments: given = meaningless }: ProbedCall): number {
  const ofSlot = decide(
    slotPolicy().calls.get(name) ?? { rules: [], verdict: slotPolicy().otherwise },
    given,
  );
  const ofSandbox = decide(sandboxPolicy().calls.get(name) ?? { rules: [], verdict: "allow" }, given);
  // Where both refuse, the filter that was installed last is asked first and wins.
  const verdict = ofSandbox === "allow" ? ofSlot : ofSandbox;
  return typeof verdict === "string" ? 0 : verdict.errno;
}

function decide({ rules, verdict }: CallRule, given: readonly number[]): Verdict {
  const rule = rules.find(({ argument, test, value }) =>
    test === "equal" ? (given[argument]! | 0) === (value | 0) : (given[argument]! & value) !== 0,
  );
  return rule?.verdict ?? verdict;
}

/** Makes calls that the wall refuses; through where the kernel answers. */
export function callsProbe(calls: readonly ProbedCall[]): Probe {
  const here = calls.flatMap((call) => {
    const number = numberHere(call.name);
    return number === undefined
      ? []
      : [[call.name, number, refusal(call), call.arguments ?? meaningless] as const];
  });
  return program("calls", {
    name: `calls ${calls.map(({ name }) => name).join(" ")}`,
    parameters: { calls: here },
  });
}

/** One of what `rights` lists, as it is behind an intact wall. */
export function rightsProbe(part: string, intact: unknown): Probe {
  return program("rights", { name: `rights: ${part}`, parameters: { part, intact } });
}

/** A probe that is one program. */
export type ProgramName =
  | "signalOthers"
  | "readProc"
  | "writeBase"
  | "writeOldRoot"
  | "writeDev"
  | "devices"
  | "readRootOnly"
  | "identity"
  | "dropGroups"
  | "hostName"
  | "descriptors"
  | "inheritedStream"
  | "foreignCalls"
  | "namespaceByClone"
  | "namespaceByClone3"
  | "executeShm"
  | "mountFlags"
  | "fillTmp"
  | "fillShm"
  | "tmpInodes"
  | "shmInodes"
  | "greatFile"
  | "eatMemoryAlone"
  | "eatMemoryTogether"
  | "manyProcesses"
  | "manyFiles"
  | "manySignals"
  | "messageQueue"
  | "lockMemory"
  | "dumpCore"
  | "burnCpu"
  | "oversleep"
  | "raisePriority"
  | "environment"
  | "undump"
  | "startedDumpable"
  | "makeSocket"
  | "otherSlots"
  | "unknownCalls"
  | "clonePidfd"
  | "mountTmpfs";

/** Every probe that is one program. */
export const programs: Readonly<Record<ProgramName, Probe>> = {
  signalOthers: program("signal_others"),
  readProc: program("read_proc"),
  writeBase: program("write_base"),
  writeOldRoot: program("write_old_root"),
  writeDev: program("write_dev"),
  devices: program("devices"),
  readRootOnly: program("read_root_only"),
  identity: program("identity"),
  dropGroups: program("drop_groups"),
  hostName: program("host_name"),
  descriptors: program("descriptors"),
  inheritedStream: program("inherited_stream"),
  foreignCalls: program("foreign_calls"),
  namespaceByClone: program("new_namespace", {
    name: "new_namespace by clone",
    parameters: { with: "clone", number: numberHere("clone") },
  }),
  namespaceByClone3: program("new_namespace", {
    name: "new_namespace by clone3",
    parameters: { with: "clone3", number: numberHere("clone3") },
  }),
  executeShm: program("execute_shm"),
  mountFlags: program("mount_flags"),
  fillTmp: program("fill_disk", {
    name: "fill /tmp",
    parameters: { folder: "/tmp" },
    limits: { diskMb: 16 },
  }),
  fillShm: program("fill_disk", {
    name: "fill /dev/shm",
    parameters: { folder: "/dev/shm" },
    limits: { diskMb: 48 },
  }),
  tmpInodes: program("fill_inodes", {
    name: "fill_inodes of /tmp",
    parameters: { folder: "/tmp", files: 70_000 },
    limits: { memoryMb: 512, diskMb: 64 },
  }),
  shmInodes: program("fill_inodes", {
    name: "fill_inodes of /dev/shm",
    parameters: { folder: "/dev/shm", files: 2_000 },
  }),
  greatFile: program("great_file"),
  eatMemoryAlone: program("eat_memory", {
    name: "eat_memory in one process",
    parameters: { processes: 1 },
    limits: tight,
  }),
  eatMemoryTogether: program("eat_memory", {
    name: "eat_memory in four processes",
    parameters: { processes: 4 },
    limits: { ...tight, memoryMb: 80 },
  }),
  manyProcesses: program("many_processes", { limits: tight }),
  manyFiles: program("many_files"),
  manySignals: program("many_signals"),
  messageQueue: program("message_queue", { parameters: { number: numberHere("mq_open") } }),
  lockMemory: program("lock_memory"),
  dumpCore: program("dump_core"),
  burnCpu: program("burn_cpu", { limits: { cpuMs: 600 } }),
  oversleep: program("oversleep", { limits: { wallMs: 700 } }),
  raisePriority: program("raise_priority"),
  environment: program("environment"),
  undump: program("undump"),
  startedDumpable: program("started_dumpable"),
  makeSocket: program("make_socket", { parameters: { family: 2 } }),
  otherSlots: program("other_slots", { parameters: { most: 12 } }),
  /** sendfile, copy_file_range, preadv2, pwritev2, mseal on x86-64 and on arm64, and numbers that are free. */
  unknownCalls: program("unknown_calls", {
    parameters: {
      numbers:
        hostArchitecture() === "aarch64" ? [71, 285, 286, 287, 462, 900] : [40, 326, 327, 328, 462, 900],
    },
  }),
  clonePidfd: program("clone_pidfd", { parameters: { number: numberHere("clone") } }),
  mountTmpfs: program("mount_tmpfs"),
};
