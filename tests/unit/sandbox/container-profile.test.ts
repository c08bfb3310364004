/* The seccomp profile that docs/guide/containers.md has engines of containers use. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

import { slotPolicy } from "../../../src/sandbox/seccomp/policy.ts";
import { syscallNumbers } from "../../../src/sandbox/seccomp/syscall-numbers.ts";

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args?: readonly { readonly index: number; readonly value: number; readonly op: string }[];
}

const folder = resolve(import.meta.dirname, "../../../docs/guide/container");
const profile = JSON.parse(readFileSync(join(folder, "seccomp.json"), "utf8")) as {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly syscalls: readonly Rule[];
};
const allowed = new Set(profile.syscalls.flatMap(({ names }) => names));

test("it is a list of what is allowed, and all else does not exist", () => {
  expect(profile.defaultAction).toBe("SCMP_ACT_ERRNO");
  expect(profile.defaultErrnoRet).toBe(38);
  expect(new Set(profile.syscalls.map(({ action }) => action))).toEqual(new Set(["SCMP_ACT_ALLOW"]));
});

/** What a slot may call, and so whatever runs in it: its filter is a list of what is allowed. */
const given = [...slotPolicy().calls]
  .filter(([, { rules, verdict }]) => [verdict, ...rules.map((rule) => rule.verdict)].includes("allow"))
  .map(([name]) => name);

test("whatever a sandbox may call, it may call in a container: the profile changes no result", () => {
  expect(slotPolicy().otherwise).not.toBe("allow");
  expect(given.length).toBeGreaterThan(180);
  expect(given.filter((name) => !allowed.has(name))).toEqual([]);
});

test("what builds the wall is allowed", () => {
  const building = ["clone", "clone3", "unshare", "mount", "umount2", "pivot_root", "sethostname", "seccomp"];
  expect(building.filter((name) => !allowed.has(name))).toEqual([]);
  // ADDR_NO_RANDOMIZE, and the question what is set.
  const personalities = profile.syscalls
    .filter(({ names }) => names.includes("personality"))
    .map(({ args }) => args![0]!.value);
  expect(personalities).toEqual(expect.arrayContaining([0x40000, 0xffffffff]));
  expect(personalities, "READ_IMPLIES_EXEC is not among them").not.toContain(0x400000);
});

test("what reaches past the container's own namespaces and files is refused, as engines do", () => {
  const refused =
    "add_key bpf clock_settime delete_module finit_module fsopen init_module io_uring_setup kcmp kexec_load keyctl " +
    "mount_setattr move_mount name_to_handle_at open_by_handle_at open_tree perf_event_open pidfd_getfd process_vm_readv " +
    "process_vm_writev ptrace quotactl reboot request_key setns settimeofday swapon syslog userfaultfd";
  for (const name of refused.split(" ")) {
    expect(Object.keys(syscallNumbers), name).toContain(name);
    expect([...allowed], name).not.toContain(name);
  }
  const sockets = profile.syscalls.find(({ names }) => names.includes("socket"));
  expect(sockets?.args, "a socket to the hypervisor").toEqual([{ index: 0, value: 40, op: "SCMP_CMP_NE" }]);
});
