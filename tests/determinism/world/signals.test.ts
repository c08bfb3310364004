/**
 * Two signals carry answers of the world's: SIGSYS those to calls that the filter catches, SIGSEGV those to the counter of cycles. Whatever
 * a program does with signals, it has its answers, and its own handlers have what was sent. And waits that change what is blocked
 * end as the kernel's do.
 */
import { afterAll, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

/** libc asks for its thread's class by a call that the filter catches. */
const ask = `
import ctypes, os, signal
libc = ctypes.CDLL(None)
libc.pthread_self.restype = ctypes.c_ulong
def ask():
    policy, parameter = ctypes.c_int(9), ctypes.c_int(9)
    error = libc.pthread_getschedparam(ctypes.c_ulong(libc.pthread_self()), ctypes.byref(policy), ctypes.byref(parameter))
    return error, policy.value, parameter.value
`;
const ended = { stderr: "", ending: "own 0" };

it("what libc asks for itself is answered in a thread that blocks every signal, as ZeroMQ's do", async () => {
  const said = await runPython(`${ask}
import threading
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
print(ask())
thread = threading.Thread(target=lambda: print(ask()))
thread.start()
thread.join()
blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
print(len(blocked) > 50, signal.SIGSYS in blocked, signal.SIGUSR1 in blocked)
`);
  expect(said).toEqual({ stdout: "(0, 0, 0)\n(0, 0, 0)\nTrue False True\n", ...ended });
});

it("it is answered in a thread that is made with every signal blocked", async () => {
  const said = await runPython(`${ask}
attributes, full = ctypes.create_string_buffer(64), ctypes.create_string_buffer(b"\\xff" * 128)
assert libc.pthread_attr_init(attributes) == 0
assert libc.pthread_attr_setsigmask_np(attributes, full) == 0
def start(nothing):
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    print(ask(), len(blocked) > 50, signal.SIGSYS in blocked, signal.SIGUSR1 in blocked)
started, thread = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(start), ctypes.c_ulong()
assert libc.pthread_create(ctypes.byref(thread), attributes, started, None) == 0
libc.pthread_join(thread, None)
`);
  expect(said).toEqual({ stdout: "(0, 0, 0) True False True\n", ...ended });
});

it("it is answered in a handler during which all signals are blocked, and while one waits for signals", async () => {
  const said = await runPython(`${ask}
class Set(ctypes.Structure):
    _fields_ = [("bits", ctypes.c_uint64 * 16)]
full = Set((ctypes.c_uint64 * 16)(*[2**64 - 1] * 16))
handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda number: print(number, ask()))
class Action(ctypes.Structure):
    _fields_ = [("handler", ctypes.c_void_p), ("mask", Set), ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p)]
action = Action(ctypes.cast(handler, ctypes.c_void_p), full, 0, None)
assert libc.sigaction(signal.SIGUSR1, ctypes.byref(action), None) == 0
os.kill(os.getpid(), signal.SIGUSR1)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
but_one = Set((ctypes.c_uint64 * 16)(*[2**64 - 1 - (1 << signal.SIGUSR1 - 1)] + [2**64 - 1] * 15))
libc.sigsuspend(ctypes.byref(but_one))
os.kill(os.getpid(), signal.SIGUSR1)
libc.ppoll(None, 0, None, ctypes.byref(but_one))
`);
  expect(said).toEqual({ stdout: "10 (0, 0, 0)\n".repeat(3), ...ended });
});

it("it is answered whatever a program does with SIGSYS, and what is sent goes to the program's handler", async () => {
  const said = await runPython(`${ask}
def send(): os.kill(os.getpid(), signal.SIGSYS)
signal.signal(signal.SIGSYS, lambda number, frame: print("handled", number))
print(ask())
send()
signal.signal(signal.SIGSYS, signal.SIG_IGN)
print(ask())
send()
print(signal.signal(signal.SIGSYS, signal.SIG_DFL) == signal.SIG_IGN, ask(), flush=True)
child = os.fork()
if child == 0:
    send()
    os._exit(3)
print(os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGSYS)
`);
  expect(said).toEqual({
    stdout: "(0, 0, 0)\nhandled 31\n(0, 0, 0)\nTrue (0, 0, 0)\nTrue\n",
    ...ended,
  });
});

it("a wait that lets through what has been sent already ends at once, if somebody handles it", async () => {
  const said = await runPython(`${ask}
import errno, time
libc = ctypes.CDLL(None, use_errno=True)
class Time(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]
none = (ctypes.c_uint64 * 16)()
second = ctypes.byref(Time(1, 0))
epoll = libc.epoll_create1(0)
events = ctypes.create_string_buffer(64)
def show(name, wait):
    for signal_sent in (signal.SIGUSR1, signal.SIGWINCH):
        os.kill(os.getpid(), signal_sent)
        before = time.monotonic()
        got = wait()
        print(name, got, errno.errorcode[ctypes.get_errno()] if got < 0 else "", round(time.monotonic() - before))
signal.signal(signal.SIGUSR1, lambda number, frame: None)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGWINCH])
show("ppoll", lambda: libc.ppoll(None, 0, second, none))
show("pselect", lambda: libc.pselect(0, None, None, None, second, none))
show("epoll_pwait", lambda: libc.epoll_pwait(epoll, events, 1, 1000, none))
show("ppoll 0", lambda: libc.ppoll(None, 0, ctypes.byref(Time(0, 0)), none))
`);
  const wait = (name: string, seconds: number): string => `${name} -1 EINTR 0\n${name} 0  ${seconds}\n`;
  expect(said).toEqual({
    stdout: wait("ppoll", 1) + wait("pselect", 1) + wait("epoll_pwait", 1) + wait("ppoll 0", 0),
    ...ended,
  });
});
