"""What a process can reach of the machine that it should be kept from. Its text runs where environments run: no imports of ours."""

import json
import os
import socket
import sys


def reached(bait: "dict[str, object]") -> "list[str]":
    """The names of what was reached of `bait`."""
    tries = {
        "a file of the host can be read": lambda: _reads(bait["file"], bait["word"]),
        "a file of the host can be written": lambda: _writes(f"{bait['file']}.written", bait["word"]),
        "shared memory of the host can be read": lambda: _reads(bait["shared"], bait["word"]),
        "a port of the host's loopback can be connected to": lambda: _hears(
            socket.AF_INET, ("127.0.0.1", bait["port"]), bait["word"]
        ),
        "an abstract socket of the host can be connected to": lambda: _hears(
            socket.AF_UNIX, f"\0{bait['word']}", bait["word"]
        ),
        "a process of the host can be seen": lambda: _process(bait["word"]) is not None,
        "a process of the host can be signalled": lambda: _signals(bait["word"]),
        "the socket of a container engine is there": _engine,
    }
    found = []
    for name, attempt in tries.items():
        try:
            if attempt():
                found.append(name)
        except Exception:
            continue
    return found


def _reads(path: object, word: object) -> bool:
    with open(str(path)) as file:
        return str(word) in file.read()


def _writes(path: str, word: object) -> bool:
    with open(path, "w") as file:
        file.write(str(word))
    # Whether it is the host's file is for the host to say.
    return False


def _hears(family: int, address: object, word: object) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        client.connect(address)  # type: ignore[arg-type]
        return str(word) in client.recv(200).decode()


def _process(word: object) -> "int | None":
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    arguments = file.read().split(b"\0")
            except OSError:
                continue
            if f"bait-{word}".encode() in arguments:
                return int(entry)
    return None


def _signals(word: object) -> bool:
    process = _process(word)
    if process is None:
        return False
    os.kill(process, 0)
    return True


def _engine() -> bool:
    paths = ("/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")
    return any(os.path.exists(path) and os.access(path, os.W_OK) for path in paths)


if __name__ == "__main__":
    print("REACHED " + json.dumps(reached(json.loads(sys.argv[1]))))
