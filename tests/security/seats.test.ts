/*
 * What a policy at a seat can find, leave behind and take too long over. A policy tells by returning a text: that is no
 * action, and so the text stands in the closing record.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { playGames, type GameResult, type GameSpec } from "../../src/games/play-games.ts";
import { cborToJson } from "../../src/model/cbor/to-json.ts";
import { roleSeed } from "../../src/model/seed.ts";
import { Trajectory } from "../../src/trajectory/trajectory.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

/** What sits at seat O. */
const other = `SECRET = "opponent's secret"
def act(observation, rng): return observation["board"].index(None)
`;

async function play(source: string, more: Partial<GameSpec> = {}): Promise<GameResult> {
  for await (const result of playGames(
    { game: "tictactoe", seats: [{ source }, { source: other }], ...more },
    [{ seed: 1, game: 0 }],
  ))
    return result;
  throw new Error("no game was played");
}

/** The text that seat X returned in place of a move. */
function told({ rollout, forfeit }: GameResult): string {
  expect(forfeit?.fault, forfeit?.message).toBe("illegal_action");
  const closing = [...new Trajectory(rollout!.trajectory).records()].at(-1)!;
  if (closing.kind !== "closing" || closing.action === undefined) throw new Error("nothing was told");
  const text = cborToJson(closing.action);
  if (typeof text !== "string") throw new Error(`no text was told: ${JSON.stringify(text)}`);
  return text;
}

describe.for(["keep", "restart"] as const)("a policy in mode %s", (mode) => {
  it("has no descriptors but its own, sees no other process, and cannot reach the first", async () => {
    const result = await play(
      `import fcntl, json, os, stat
def works(what, *args):
    try: what(*args)
    except OSError: return False
    return True
def choose_action(board, player, rng):
    open_ones = [fd for fd in range(256) if works(fcntl.fcntl, fd, fcntl.F_GETFD)]
    processes = [pid for pid in range(1, 500) if works(os.kill, pid, 0)]
    return json.dumps([open_ones, processes, os.getpid(), os.path.exists("/proc/1")])
`,
      { mode },
    );
    const [descriptors, processes, own, proc] = JSON.parse(told(result)) as [
      number[],
      number[],
      number,
      boolean,
    ];
    // 3 is the host's stream, or in restart mode the pipe for the answer; 4 the link, which restart mode keeps to itself.
    expect(descriptors).toEqual(mode === "keep" ? [0, 1, 2, 3, 4] : [0, 1, 2, 3]);
    expect(processes).toEqual(mode === "keep" ? [1] : [1, own]);
    expect(proc).toBe(false);
  });

  it("finds neither the game's seed nor the other seat's, and nothing of the other's source", async () => {
    const search = (needles: readonly string[]): string =>
      `import gc, os, sys
needles = [part.replace("~", "") for part in ${JSON.stringify(needles.map((needle) => needle.split("").join("~")))}]
def choose_action(board, player, rng):
    seen, found, waiting = set(), set(), [*gc.get_objects(), *sys.modules.values()]
    frame = sys._getframe()
    while frame:
        waiting += [frame.f_globals, frame.f_locals]
        frame = frame.f_back
    while waiting:
        each = waiting.pop()
        if id(each) in seen or each is needles: continue
        seen.add(id(each))
        if type(each) in (str, bytes, int):
            text = each.decode("latin-1") if type(each) is bytes else str(each) if type(each) is str or each < 1 << 200 else ""
            found |= {n for n, needle in enumerate(needles) if needle in text}
        elif not isinstance(each, (float, type(None))): waiting += gc.get_referents(each)
    files = [name for top in ("/tmp", "/dev/shm", "/run") for _, _, names in os.walk(top) for name in names]
    return repr((len(seen) > 10000, sorted(found), files))
`;
    const { gameSeed } = await play("def choose_action(board, player, rng): return 0");
    const needles = [gameSeed, roleSeed("O", gameSeed), "opponent's secret", roleSeed("X", gameSeed)].map(
      String,
    );
    const result = await play(search(needles), {
      mode,
      limits: { cpuMs: 20_000 },
      clocks: { moveCpuMs: 20_000, bankCpuMs: 20_000, moveWallMs: 60_000 },
    });
    // Its own seed it does find: that is how the others were looked for.
    expect(told(result)).toBe("(True, [3], ['policy.py'])");
  });
});

describe("restart mode", () => {
  const leaving = `import os, sys, random, threading, builtins
def choose_action(board, player, rng):
    left = [path for path in ("/tmp/left", "/dev/shm/left", "/dev/shm/.sameseed-rest/left", "/tmp/.sameseed-rest", "/tmp/policy/left", "/tmp/deep") if os.path.lexists(path)]
    left += [name for name in ("LEFT",) if name in os.environ or hasattr(builtins, name)]
    left += [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in (1, os.getpid())]
    if open(__file__).read().count("# " + "changed"): left.append("source")
    if board.count(None) < 9: return repr(left)
    open("/tmp/left", "w").write("1"); open("/dev/shm/left", "w").write("1"); os.symlink("/proc/1", "/tmp/policy/left")
    if os.path.lexists("/dev/shm/.sameseed-rest"): os.unlink("/dev/shm/.sameseed-rest")
    os.makedirs("/dev/shm/.sameseed-rest/left"); os.chmod("/dev/shm/.sameseed-rest", 0); open("/tmp/.sameseed-rest", "w").close()
    os.makedirs("/tmp/deep"); os.chdir("/tmp/deep")
    for _ in range(3000): os.mkdir("d"); os.chdir("d")
    open("file", "w").close(); os.chmod(".", 0)
    os.chmod("/tmp/deep", 0)
    os.environ["LEFT"] = "1"; builtins.LEFT = 1
    open(__file__, "a").write("\\n# " + "changed")
    if os.fork() == 0:
        os.setsid()
        while True: pass
    return 4
`;

  it("leaves nothing of one move for the next", async () => {
    expect(told(await play(leaving, { mode: "restart" }))).toBe("[]");
  });

  it("shows what is left in keep mode", async () => {
    expect(told(await play(leaving, { mode: "keep" }))).toContain("LEFT");
  });

  /** Writes a mark wherever it can in its first move, and looks for it in all memory in its second. */
  const marking = `${readFileSync(join(import.meta.dirname, "probes", "memory.py"), "utf8")}
FLIPPED = bytes.fromhex("4b7a293c6146223c7c43243c")
libc.read.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
libc.mremap.restype, libc.mremap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
def flip(data): return data.translate(bytes(n ^ 0x11 for n in range(256)))
def share():
    """Only what is shared can be mapped once more without being moved."""
    ends, marked = os.pipe(), 0
    starts = [at for bit in range(17, 47) for at in mapped(1 << bit, 1 << bit)]
    for page in [start + at for start in starts for at in range(0, CHUNK, PAGE)]:
        again = libc.mremap(page, 0, PAGE, 1)
        if again in (None, ctypes.c_void_p(-1).value): continue
        os.write(ends[1], flip(FLIPPED))
        if libc.read(ends[0], again + 2048, len(FLIPPED)) < 0: os.read(ends[0], 64)
        else: marked += 1
        libc.munmap(again, PAGE)
    assert marked > 0, "nothing is shared"
def choose_action(board, player, rng):
    if board.count(None) < 9:
        found = sum(FLIPPED in flip(data) for _, data in memory_chunks())
        of = [(oct(os.stat(d).st_mode), os.stat(d).st_mtime_ns == 1 << 40) for d in ("/tmp", "/dev/shm")]
        return repr((found, of))
    print(flip(FLIPPED).decode() * 1000, flush=True)
    for folder in ("/tmp", "/dev/shm"):
        os.utime(folder, ns=(1 << 40, 1 << 40))
        os.chmod(folder, 0o500)
    SHARED
    return 4
`;

  it.for<[name: string, statement: string]>([
    ["in memory that it printed through, nor in folders", "pass"],
    ["in memory that processes share", "share()"],
  ])("leaves nothing %s", async ([, statement]) => {
    const long = { moveCpuMs: 20_000, bankCpuMs: 40_000, moveWallMs: 60_000 };
    const result = await play(marking.replace("SHARED", statement), {
      mode: "restart",
      limits: { cpuMs: 60_000 },
      clocks: long,
    });
    expect(told(result)).toBe("(0, [('0o41777', False), ('0o41777', False)])");
  });

  it("refuses a policy that would lower the limits of the process it comes from", async () => {
    const source = `import resource
def choose_action(board, player, rng):
    resource.prlimit(1, resource.RLIMIT_NOFILE, (100, 100))
    return board.index(None)
`;
    const { forfeit } = await play(source, { mode: "restart" });
    expect(forfeit).toMatchObject({ fault: "crash", message: expect.stringContaining("Permission denied") });
  });

  it("survives signals to its first process", async () => {
    const source = `import os, signal
def choose_action(board, player, rng):
    for number in range(1, 32):
        try: os.kill(1, number)
        except OSError: pass
    return board.index(None)
`;
    expect(await play(source, { mode: "restart" })).toMatchObject({ score: 1, moves: 7 });
  });
});

describe("the clocks of a seat", () => {
  const clocks = { moveCpuMs: 150, bankCpuMs: 700, moveWallMs: 30_000 };
  const busy = (seconds: number): string => `import time
def choose_action(board, player, rng):
    until = time.process_time() + ${seconds}
    while time.process_time() < until: pass
    return board.index(None)
`;

  it.for([
    [
      "a move that computes too long",
      `def choose_action(board, player, rng):\n while True: pass`,
      "cpu_limit",
      /150 ms/,
    ],
    ["an import that computes too long", "while True: pass", "cpu_limit", /150 ms/],
    [
      "a clock that is taken away",
      `import signal\ndef choose_action(board, player, rng):\n signal.signal(signal.SIGPROF, signal.SIG_IGN)\n while True: pass`,
      "cpu_limit",
      /used up its CPU time/,
    ],
    [
      "threads",
      `import threading\ndef spin():\n while True: pass\n[threading.Thread(target=spin, daemon=True).start() for _ in range(4)]\ndef choose_action(b, p, r):\n while True: pass`,
      "cpu_limit",
      /CPU time/,
    ],
    [
      "a false exit status",
      `import os\ndef choose_action(board, player, rng): os._exit(152)`,
      "crash",
      /status 152/,
    ],
  ] as const)("end %s", async ([, source, fault, message]) => {
    const { forfeit, score } = await play(source, { clocks });
    expect(forfeit).toMatchObject({ seat: "X", fault });
    expect(forfeit?.message).toMatch(message);
    expect(score).toBe(-1);
  });

  it("end a wait that no CPU time is used in", async () => {
    const source = "import signal\ndef choose_action(board, player, rng): signal.pause()";
    const { forfeit, score } = await play(source, { clocks: { ...clocks, moveWallMs: 1000 } });
    expect([forfeit?.fault, forfeit?.message, score]).toEqual([
      "wall_limit",
      "the policy took longer than 1000 ms for one answer",
      -1,
    ]);
  });

  it("let through what stays below both, and stop what stays below one", async () => {
    // In the host's world, where a program can see how much it has used.
    const given = { clocks: { ...clocks, bankCpuMs: 5000 }, world: "host" } as const;
    expect((await play(busy(0.05), given)).forfeit).toBeUndefined();
    const { forfeit } = await play(busy(0.1), { ...given, clocks: { ...clocks, bankCpuMs: 250 } });
    expect(forfeit).toMatchObject({ seat: "X", fault: "cpu_limit" });
    expect(forfeit?.step).toBeGreaterThan(1);
  });
});
