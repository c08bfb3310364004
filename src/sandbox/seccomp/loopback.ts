import type { WorldMode } from "../../model/receipt.ts";
import { type ArgumentRule, type CallRule, type FilterPolicy, slotPolicy, type Verdict } from "./policy.ts";

/*
 * A sandbox with a network of its own (`network: "loopback"`). Its network namespace has the loopback device and nothing else,
 * and is nobody else's. So the filters give streams and datagrams of IPv4 alone: the other families are other parts of the
 * kernel, and no program that talks to its own child needs them. Options are those that change how one socket behaves, by
 * level and number; the rest have programs, modules or tables of the kernel behind them, or tell of the machine.
 */

const EPERM = 1;
const ENOTTY = 25;
const ENOPROTOOPT = 92;
const EPROTONOSUPPORT = 93;
const ENOTSUP = 95;
const EAFNOSUPPORT = 97;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_NETLINK = 16;
const types = [1, 2 /* SOCK_STREAM, SOCK_DGRAM */];
const typeFlags = [0, 0x800, 0x80000, 0x80800 /* SOCK_NONBLOCK, SOCK_CLOEXEC */];
/** SOCK_STREAM, SOCK_SEQPACKET: a pair of datagram sockets could be given a name and be spoken to by others. */
const pairTypes = [1, 5];
/** IPPROTO_TCP, IPPROTO_UDP, and the type's own. */
const protocols = [0, 6, 17];

const SIOCSIFFLAGS = 0x8914;
/** SECCOMP_IOCTL_NOTIF_RECV, _SEND: the slot lets its sandbox listen, or not. */
const noticeRequests = [0xc0502100, 0xc0182101];
/** FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, as everywhere. */
const descriptorRequests = [0x541b, 0x5421, 0x5450, 0x5451];

/** MSG_OOB, MSG_ZEROCOPY, MSG_FASTOPEN. */
const refusedFlags = 0x24000001;

const SOL_SOCKET = 1;
const SOL_TCP = 6;
/**
 * By level. SO_REUSEADDR, TYPE, ERROR, BROADCAST, SNDBUF, RCVBUF, KEEPALIVE, LINGER, REUSEPORT, PASSCRED, PEERCRED, RCVLOWAT,
 * RCVTIMEO, SNDTIMEO, ACCEPTCONN, PROTOCOL, DOMAIN, and the two time-outs as 64 bits; TCP_NODELAY, MAXSEG, CORK, KEEPIDLE,
 * KEEPINTVL, KEEPCNT, QUICKACK, USER_TIMEOUT. Not TCP_INFO, which tells real times.
 */
const options: readonly (readonly [level: number, names: readonly number[]])[] = [
  [SOL_SOCKET, [2, 3, 4, 6, 7, 8, 9, 13, 15, 16, 17, 18, 20, 21, 30, 38, 39, 66, 67]],
  [SOL_TCP, [1, 2, 3, 4, 5, 6, 12, 18]],
];

/**
 * SO_RCVBUF and SO_RCVLOWAT: read only. A connection that nobody accepts has its listener's, and what it holds is no
 * control group's until it is accepted; `native/zygote/loopback.c` bounds it.
 */
const askedOnly: ReadonlySet<number> = new Set([8, 18]);

const networkCalls = ["accept", "accept4", "bind", "connect", "listen"] as const;
/** What makes a socket's port the kernel's choice, where the program makes none. */
const portCalls = ["bind", "connect", "listen"] as const;
const worldMark = 0x5ea1ed;

const allowed: CallRule = { rules: [], verdict: "allow" };
const denied: CallRule = { rules: [], verdict: { errno: EPERM } };

function equal(argument: number, values: readonly number[], verdict: Verdict): ArgumentRule[] {
  return values.map((value) => ({ argument, test: "equal", value, verdict }));
}

function named(isMeant: (level: number, name: number) => boolean): ArgumentRule[] {
  return options.flatMap(([level, names]) =>
    names
      .filter((name) => isMeant(level, name))
      .map((value): ArgumentRule => ({
        argument: 1,
        test: "equal",
        value: level,
        and: [{ argument: 2, value }],
        verdict: "allow",
      })),
  );
}

/** Filter A of slots some of whose sandboxes have a network: {@link slotPolicy} with its calls, and with what making one takes. */
export function loopbackSlotPolicy(): FilterPolicy {
  const { calls: strict, otherwise } = slotPolicy();
  const calls = new Map<string, CallRule>(strict);
  for (const name of networkCalls) calls.set(name, allowed);
  calls.set("ioctl", {
    rules: equal(1, [...descriptorRequests, SIOCSIFFLAGS, ...noticeRequests], "allow"),
    verdict: { errno: ENOTTY },
  });
  calls.set("socket", {
    rules: [
      // Who asks for the machine's addresses takes this as "none are told", and not as a broken kernel.
      { argument: 0, test: "equal", value: AF_NETLINK, verdict: { errno: ENOTSUP } },
      { argument: 0, test: "differs", value: AF_INET, verdict: { errno: EAFNOSUPPORT } },
      ...protocols.flatMap((value) =>
        types.flatMap((type) =>
          typeFlags.map((flags): ArgumentRule => ({
            argument: 1,
            test: "equal",
            value: type | flags,
            and: [{ argument: 2, value }],
            verdict: "allow",
          })),
        ),
      ),
    ],
    verdict: { errno: EPROTONOSUPPORT },
  });
  return { calls, otherwise };
}

/** Filter B of a sandbox without a network in such a slot. @param policy filter B of its world */
export function withoutNetwork(policy: FilterPolicy): FilterPolicy {
  const calls = new Map<string, CallRule>(policy.calls);
  for (const name of [...networkCalls, "socket"]) calls.set(name, denied);
  calls.set("ioctl", { rules: equal(1, descriptorRequests, "allow"), verdict: { errno: ENOTTY } });
  return { calls, otherwise: policy.otherwise };
}

/**
 * Filter B of a sandbox with one. In a sealed world, ports that the kernel would choose are the library's to choose.
 * @param policy filter B of its world
 */
export function withLoopback(policy: FilterPolicy, world: WorldMode): FilterPolicy {
  const calls = new Map<string, CallRule>(policy.calls);
  calls.set("getsockopt", { rules: named(() => true), verdict: { errno: ENOPROTOOPT } });
  calls.set("setsockopt", {
    rules: named((level, name) => level !== SOL_SOCKET || !askedOnly.has(name)),
    verdict: { errno: ENOPROTOOPT },
  });
  calls.set("ioctl", { rules: equal(1, descriptorRequests, "allow"), verdict: { errno: ENOTTY } });
  calls.set("socketpair", {
    rules: [
      { argument: 0, test: "differs", value: AF_UNIX, verdict: { errno: EAFNOSUPPORT } },
      ...equal(
        1,
        pairTypes.flatMap((type) => typeFlags.map((flags) => type | flags)),
        "allow",
      ),
    ],
    verdict: { errno: EPROTONOSUPPORT },
  });
  calls.set("sendto", {
    rules: [{ argument: 3, test: "any", value: refusedFlags, verdict: { errno: EPERM } }],
    verdict: "allow",
  });
  if (world === "sealed") {
    for (const name of portCalls) {
      calls.set(name, {
        rules: [{ argument: 5, test: "equal", value: worldMark, verdict: "allow" }],
        verdict: "trap",
      });
    }
  }
  return { calls, otherwise: policy.otherwise };
}
