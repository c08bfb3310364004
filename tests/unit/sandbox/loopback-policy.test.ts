import { expect, test } from "vitest";

import { loopbackSlotPolicy, withLoopback, withoutNetwork } from "../../../src/sandbox/seccomp/loopback.ts";
import { sandboxPolicy, slotPolicy } from "../../../src/sandbox/seccomp/policy.ts";
import { sealedSandboxPolicy } from "../../../src/sandbox/seccomp/sealed.ts";
import { ALLOW, answerOf, TRAP } from "./filter-answer.ts";

const errno = (number: number): number => 0x50000 + number;

test("sockets are streams and datagrams of IPv4, with their own protocol, and nothing else", () => {
  const policy = loopbackSlotPolicy();
  const allowed: string[] = [];
  for (let family = 0; family < 48; family++)
    for (let type = 0; type < 12; type++)
      for (const protocol of [...Array(24).keys(), 132, 136, 255, 262])
        if (answerOf(policy, "socket", family, type, protocol) === ALLOW)
          allowed.push(`${family} ${type} ${protocol}`);
  expect(allowed).toEqual(["2 1 0", "2 1 6", "2 1 17", "2 2 0", "2 2 6", "2 2 17"]);
  expect(answerOf(policy, "socket", 2, 1 | 0x80800, 6)).toBe(ALLOW);
  expect(answerOf(policy, "socket", 2, 1 | 0x4000, 6)).toBe(errno(93));
  expect(answerOf(policy, "socket", 10, 1, 0)).toBe(errno(97));
});

test("options are allowed by level and number together", () => {
  const policy = withLoopback(sandboxPolicy(), "host");
  expect(answerOf(policy, "setsockopt", 3, 6, 1)).toBe(ALLOW); // TCP_NODELAY
  expect(answerOf(policy, "setsockopt", 3, 1, 1)).toBe(errno(92)); // SO_DEBUG
  expect(answerOf(policy, "setsockopt", 3, 1, 2)).toBe(ALLOW); // SO_REUSEADDR
  for (const name of [8, 18]) {
    // SO_RCVBUF and SO_RCVLOWAT: what a connection has that nobody accepts is counted nowhere.
    expect(answerOf(policy, "setsockopt", 3, 1, name)).toBe(errno(92));
    expect(answerOf(policy, "getsockopt", 3, 1, name)).toBe(ALLOW);
  }
  expect(answerOf(policy, "setsockopt", 3, 0, 2)).toBe(errno(92)); // IP_TTL
  expect(answerOf(policy, "setsockopt", 3, 6, 31)).toBe(errno(92)); // TCP_ULP
  expect(answerOf(policy, "getsockopt", 3, 1, 57)).toBe(errno(92)); // SO_COOKIE
  const levels = [0, 1, 2, 6, 17, 41, 132, 136, 255, 263, 270, 277, 282, 284, 285];
  const names = levels.map(
    (level) =>
      [...Array(128).keys()].filter((name) => answerOf(policy, "setsockopt", 3, level, name) === ALLOW)
        .length,
  );
  expect(names.map((count, at) => `${levels[at]}: ${count}`).filter((each) => !each.endsWith(": 0"))).toEqual(
    ["1: 17", "6: 8"],
  );
});

test("what a sandbox without a network may do is no more beside one that has one", () => {
  for (const own of [sandboxPolicy(), sealedSandboxPolicy(), sealedSandboxPolicy("shared")]) {
    const strict = withoutNetwork(own);
    for (const name of ["socket", "bind", "connect", "listen", "accept", "accept4"]) {
      expect(answerOf(strict, name, 2, 1, 6), name).toBe(errno(1));
      expect(answerOf(slotPolicy(), name, 2, 1, 6), name).toBe(errno(1));
    }
    expect(answerOf(loopbackSlotPolicy(), "ioctl", 3, 0x8914)).toBe(ALLOW);
    expect(answerOf(strict, "ioctl", 3, 0x8914)).toBe(errno(25));
    expect(answerOf(withLoopback(own, "host"), "ioctl", 3, 0x8914)).toBe(errno(25));
  }
});

test("a pair of datagram sockets, which could be given a name, is refused beside a network", () => {
  const policy = withLoopback(sandboxPolicy(), "host");
  for (const flags of [0, 0x800, 0x80000, 0x80800]) {
    for (const type of [1, 5]) expect(answerOf(policy, "socketpair", 1, type | flags)).toBe(ALLOW);
    expect(answerOf(policy, "socketpair", 1, 2 | flags)).toBe(errno(93));
    expect(answerOf(slotPolicy(), "socketpair", 1, 2 | flags)).toBe(ALLOW);
  }
  expect(answerOf(policy, "socketpair", 2, 1)).toBe(errno(97));
});

test("the answers to a sandbox's calls are its slot's alone", () => {
  for (const request of [0xc0502100, 0xc0182101]) {
    expect(answerOf(loopbackSlotPolicy(), "ioctl", 3, request)).toBe(ALLOW);
    expect(answerOf(slotPolicy(), "ioctl", 3, request)).toBe(errno(25));
    expect(answerOf(withLoopback(sandboxPolicy(), "host"), "ioctl", 3, request)).toBe(errno(25));
    expect(answerOf(withoutNetwork(sandboxPolicy()), "ioctl", 3, request)).toBe(errno(25));
  }
});

test("in a sealed world ports are the library's to choose", () => {
  const sealed = withLoopback(sealedSandboxPolicy(), "sealed");
  for (const name of ["bind", "connect", "listen"]) {
    expect(answerOf(sealed, name)).toBe(TRAP);
    expect(answerOf(sealed, name, 0, 0, 0, 0, 0, 0x5ea1ed)).toBe(ALLOW);
    expect(answerOf(withLoopback(sandboxPolicy(), "host"), name)).toBe(ALLOW);
  }
});

test("setting the ordinary scheduling class is answered, and no other", () => {
  expect(answerOf(slotPolicy(), "sched_setscheduler", 0, 0)).toBe(errno(0));
  for (const other of [1, 2, 3, 5, 6, 0x40000000])
    expect(answerOf(slotPolicy(), "sched_setscheduler", 0, other)).toBe(errno(1));
});
