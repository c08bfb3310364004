"""The messages between a host and the agent of a sandbox that stays open.

Messages, both ways: ``u32 length | u8 type | u32 id | payload``, little-endian; JSON payloads are UTF-8. The host picks
the ids; every answer carries its request's.

    host  -> agent   run {argv, env, cwd} · input bytes · end · signal {number} · read {path} · list {path}
                     open {path, mode} · data bytes · close · remove {path, recursive} · cancel
    agent -> host    started · stdout bytes · stderr bytes · took {bytes} · exited {status, user, system, rss, ms}
                     data bytes · done {} · error {errno, message, about}

The host keeps at most a window of ``input`` and ``data`` bytes per id ahead of ``took``.
"""

RUN, INPUT, END, SIGNAL = b"R", b"I", b"F", b"S"
READ, LIST, OPEN, DATA, CLOSE, REMOVE, CANCEL = b"r", b"l", b"w", b"d", b"c", b"u", b"k"
STARTED, STDOUT, STDERR, TOOK, EXITED, DONE, ERROR = b"s", b"o", b"e", b"t", b"x", b"v", b"!"
HEAD = 9
CHUNK = 65536
"""The most bytes one message carries of a stream or file."""
EXIT_NO_MEMORY = 12
