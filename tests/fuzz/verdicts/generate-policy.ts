/*
 * Writes hostile policies: a grammar of deaths, stalls and bytes, done plainly or from within a thread, a child, a signal's
 * handler, while loading, in `init` or at a move. Everything follows from a number. Until its deed a policy plays the first
 * empty cell.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { SeededNumbers } from "../mutate-bytes.ts";
import { generateBytes } from "../decoders/generate-bytes.ts";

/** A policy that means harm. */
export interface HostilePolicy {
  readonly source: string;
  /** What it does and when, in one line. */
  readonly deed: string;
  /** Whether no game can go on after its deed: each is a forfeit of its own. */
  readonly isFatal: boolean;
  readonly mode: "keep" | "restart";
  /** Whether it is a policy until it is asked for a move. */
  readonly isLoaded: boolean;
  /** Whether only a clock ends it, which takes seconds. */
  readonly takesTime: boolean;
  /** Whether it takes a little less time than it may, again and again. */
  readonly dawdles: boolean;
}

interface Deed {
  readonly code: string;
  readonly isFatal: boolean;
  readonly takesTime?: boolean;
  readonly dawdles?: boolean;
  /** Needs the link, which a process of restart mode has not. */
  readonly needsLink?: boolean;
}

type Rule = (numbers: SeededNumbers) => Deed;

const prelude = readFileSync(join(import.meta.dirname, "hostile_prelude.py"), "utf8");

const fatal = (code: string): Deed => ({ code, isFatal: true });
const harmless = (code: string): Deed => ({ code, isFatal: false });
const endless = (code: string): Deed => ({ code, isFatal: true, takesTime: true });
const toLink = (code: string, isFatal: boolean): Deed => ({ code, isFatal, needsLink: true });

/** Names that mean something where verdicts are made. */
const classNames = [
  "BadPolicy",
  "NoPolicy",
  "UnknownEnvironment",
  "Ended",
  "PolicyFailure",
  "IllegalAction",
  "OutOfActions",
  "BadAction",
  "Tampering",
  "MemoryError",
  "LinkError",
  "LinkClosed",
  "eof",
  "signal",
  "limit",
  "exit",
  "\\ud800",
];
const realErrors = [
  "MemoryError()",
  "SystemExit(0)",
  "KeyboardInterrupt()",
  "GeneratorExit()",
  "StopIteration()",
  "RecursionError()",
  "BlockingIOError(errno.EAGAIN, 'again')",
  'RuntimeError("can\'t start new thread")',
  "frames.LinkClosed('gone')",
  "frames.LinkSilent('silent')",
  "frames.LinkError('broken')",
  "failures.UnknownEnvironment('no such environment')",
  "failures.OutOfActions()",
  "failures.PolicyFailure('terminated', 'won', 'the game is over')",
  "TimeoutError('the host is late')",
  "ConnectionResetError(errno.ECONNRESET, 'reset')",
];
const limitNames = [
  "AS",
  "CORE",
  "CPU",
  "DATA",
  "FSIZE",
  "MEMLOCK",
  "NOFILE",
  "NPROC",
  "STACK",
  "RTTIME",
  "SIGPENDING",
];

const deaths: readonly Rule[] = [
  (numbers) =>
    fatal(`os._exit(${numbers.oneOf([0, 1, 2, 3, 64, 124, 126, 127, 128, 130, 137, 139, 143, 255])})`),
  (numbers) => fatal(`sys.exit(${numbers.oneOf(["0", "1", "3", "'words'", "None"])})`),
  (numbers) =>
    harmless(`os.kill(${numbers.oneOf(["os.getpid()", "1", "0", "-1"])}, ${1 + numbers.below(31)})`),
  (numbers) => harmless(`signal.raise_signal(${1 + numbers.below(31)})`),
  () => fatal("os.abort()"),
  () => fatal("ctypes.string_at(0)"),
  () => fatal("bottomless()"),
  () => endless("(sys.setrecursionlimit(10**9), bottomless())"),
  () => fatal("hoard()"),
  () => fatal("bytes(1 << 46)"),
  () => endless("(resource.setrlimit(resource.RLIMIT_CPU, (1, 1)), spin())"),
  (numbers) =>
    harmless(
      `resource.setrlimit(resource.RLIMIT_${numbers.oneOf(limitNames)}, (${numbers.oneOf([0, 1, 4096])},) * 2)`,
    ),
  () => fatal("os.closerange(0, 256)"),
  (numbers) => harmless(`os.closerange(${numbers.below(5)}, ${numbers.below(8)})`),
  () => fatal("orphan()"),
  () => fatal("os.execv('/nowhere', ['x'])"),
  (numbers) =>
    fatal(`fail("${numbers.oneOf(classNames)}", ${numbers.oneOf(["''", "'own words'", "'x' * 100000"])})`),
  (numbers) => fatal(`throw(${numbers.oneOf(realErrors)})`),
];

const stalls: readonly Rule[] = [
  () => endless("spin()"),
  () => endless("sum(range(10**13))"),
  () => endless("(deaf(), stubborn(spin))"),
  () => ({ ...endless("time.sleep(1e6)"), isFatal: false }),
  () => endless("stubborn(wait)"),
  () => endless("(lambda ends: os.read(ends[0], 1))(os.pipe())"),
  () => ({ ...endless("os.kill(os.getpid(), signal.SIGSTOP)"), isFatal: false }),
  () => ({ ...toLink("os.read(link().fd, 1)", true), takesTime: true }),
  (numbers) => ({
    code: `dawdle(${0.5 + numbers.below(8) / 2})`,
    isFatal: false,
    takesTime: true,
    dawdles: true,
  }),
  () => toLink("socket.socket(fileno=os.dup(link().fd)).shutdown(socket.SHUT_WR)", true),
  () => toLink("socket.socket(fileno=os.dup(link().fd)).shutdown(socket.SHUT_RD)", false),
  () => toLink("os.set_blocking(link().fd, False)", false),
];

/** Values that are no plain ones, and some that are. */
const values = [
  "Opaque('m.C')",
  "ForeignEnum('m.E', 'A', 0)",
  "ForeignTuple('m.T', ('x',), [0])",
  "ForeignDataclass('m.C', {'__array_interface__': {'data': (1 << 40, True), 'shape': (1,), 'typestr': '<i8'}})",
  "{1, 2}",
  "1 << 100_000",
  "[[[[0]]]]",
  "{}",
  "None",
  "-1",
  "9",
  "float('nan')",
  "'0'",
];
const raw = [
  "da5353000a6161",
  "d828828101da53530008821a1fffffff816161",
  "d828828100da53530008821a1fffffff80",
  "d8288282001b7fffffffffffffffd84040",
  "9bffffffffffffffff",
  "5bffffffffffffffff",
  "1800",
  "",
  "0000",
];

function payload(numbers: SeededNumbers): string {
  const kind = numbers.below(4);
  if (kind === 0) return `encode(${numbers.oneOf(values)})`;
  if (kind === 1) return `b"\\x81" * ${numbers.oneOf([33, 65, 60_000])}`;
  // In a list, because a number alone may be a right move.
  const made = kind === 2 ? `81${generateBytes(numbers).toString("hex")}` : numbers.oneOf(raw);
  return `bytes.fromhex("${made}")`;
}

const bytes: readonly Rule[] = [
  // In place of an answer: no such value is a move.
  (numbers) => toLink(`write(frame(frames.ACTION, ${payload(numbers)}))`, true),
  (numbers) => toLink(`write(frame(frames.READY, ${payload(numbers)}))`, false),
  (numbers) => toLink(`write(frame(frames.ERROR, ${payload(numbers)}))`, true),
  (numbers) =>
    toLink(
      `write(frame(${numbers.below(256)}, b"\\0", sequence=${numbers.oneOf(["0", "2**64 - 1", "calls + 7"])}))`,
      true,
    ),
  (numbers) =>
    toLink(
      `write(frame(frames.ACTION, b"\\0", nonce=bytes.fromhex("${numbers.bytes(8).toString("hex")}")))`,
      true,
    ),
  (numbers) =>
    toLink(
      `write(frame(frames.ACTION, b"\\0", length=${numbers.oneOf([65_537, 2 ** 31, 2 ** 32 - 1])}))`,
      true,
    ),
  (numbers) =>
    toLink(`(write(frame(frames.ACTION, b"\\0" * 9)[:${1 + numbers.below(32)}]), os._exit(0))`, true),
  (numbers) => ({
    ...toLink(`(write(frame(frames.ACTION, b"\\0" * 9)[:${1 + numbers.below(32)}]), wait())`, true),
    takesTime: true,
  }),
  () => toLink(`write(frame(frames.ACTION, b"\\0", pad=b"\\0\\1\\0"))`, true),
  (numbers) =>
    toLink(`write(bytes.fromhex("${numbers.bytes(24 + numbers.below(60)).toString("hex")}"))`, true),
  (numbers) =>
    toLink(
      `write(frame(frames.ERROR, encode({"type": "${numbers.oneOf(classNames.slice(0, -1))}", "message": "", "traceback": ""})))`,
      true,
    ),
  (numbers) =>
    harmless(`[os.write(fd, bytes.fromhex("${numbers.bytes(40).toString("hex")}")) for fd in (1, 2, 3)]`),
  () => harmless('os.write(3, struct.pack("<BI", 3, 0))'),
];

const wrappers: readonly (readonly [name: string, isFatal: boolean])[] = [
  ["recurse", true],
  ["in_thread", false],
  ["in_child", false],
  ["at_signal", true],
  ["in_finalizer", false],
];

function deedOf(numbers: SeededNumbers): Deed {
  const deed = numbers.oneOf(numbers.oneOf([deaths, deaths, stalls, bytes]))(numbers);
  if (numbers.below(4) > 0) return deed;
  const [name, isFatal] = numbers.oneOf(wrappers);
  // What runs at one time with the policy itself may come too late, or reach a process that nobody waits for.
  return { ...deed, code: `${name}(lambda: ${deed.code})`, isFatal: deed.isFatal && isFatal };
}

/** One hostile policy. */
export function generatePolicy(numbers: SeededNumbers): HostilePolicy {
  const deed = deedOf(numbers);
  const mode = deed.needsLink !== true && numbers.below(5) === 0 ? "restart" : "keep";
  const place = numbers.oneOf(["load", "init", "move 1", "move 2", "move 3"]);
  const move = place.startsWith("move") ? Number(place.slice(5)) : 0;
  // In restart mode each move begins anew, so that there is no second one. Not every game has a third.
  const happens = move < (mode === "keep" ? 3 : 2);
  return {
    source: sourceOf(deed, place, move),
    deed: `${mode}, ${place}: ${deed.code}`.slice(0, 200),
    isFatal: deed.isFatal && happens,
    mode,
    isLoaded: move > 0,
    takesTime: deed.takesTime === true,
    dawdles: deed.dawdles === true,
  };
}

function sourceOf({ code, dawdles = false }: Deed, place: string, move: number): string {
  const when = dawdles ? "calls >= 1" : `calls == ${move}`;
  return [
    prelude,
    "def throw(error):\n    raise error\n",
    `def deed():\n    ${code}\n`,
    ...(place === "load" || dawdles ? ["deed()\n"] : []),
    ...(place === "init" ? ["def init(seat, rng):\n    deed()\n"] : []),
    `def moved():\n    global calls\n    calls += 1\n    if ${when}:\n        deed()\n`,
    "def choose_action(board, player, rng):\n    moved()\n    return board.index(None)\n",
    "def act(observation, rng):\n    moved()\n    return 0\n",
  ].join("\n\n");
}
