"""Looks for bytes that are not its own in everything it has: address space, files, descriptors.

The bytes come with one bit of each flipped and in two halves, so that the program itself never holds what it looks for:
it flips the same bit of everything it reads, and asks for both halves in one place.
"""

import os
import select
import socket
import stat
import sys

FLIP = 0x40
FLIPPED = bytes(n ^ FLIP for n in range(256))
halves = {name: [bytes.fromhex(half) for half in both] for name, both in PARAMS["flipped"].items()}
found = {}


def look(data, place):
    flipped = data.translate(FLIPPED)
    for name, (first, second) in halves.items():
        at = flipped.find(first)
        while at >= 0:
            if flipped[at + len(first) : at + len(first) + len(second)] == second:
                found.setdefault(name, []).append(place)
                return
            at = flipped.find(first, at + 1)


def scan_memory():
    size = 0
    # A tail of the chunk before stays, so that nothing hides on a border.
    tail = b""
    for start, data in memory_chunks():
        size += len(data)
        look(tail + data, f"memory {start:#x}")
        tail = data[-64:]
    return size


def scan_files():
    size = 0
    for folder, _, names in os.walk("/"):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    data = file.read()
                size += len(data)
                look(data, f"file {path}")
            look(os.fsencode(name), f"name {path}")
    return size


def scan_descriptors():
    seen = []
    for fd in range(1024):
        try:
            kind = os.fstat(fd).st_mode
        except OSError:
            continue
        seen.append(fd)
        if fd == 0 or not select.select([fd], [], [], 0)[0]:
            continue
        if stat.S_ISSOCK(kind):
            with socket.socket(fileno=os.dup(fd)) as one:
                look(one.recv(1 << 20, socket.MSG_PEEK | socket.MSG_DONTWAIT), f"descriptor {fd}")
        elif stat.S_ISFIFO(kind):
            look(os.read(fd, 1 << 16), f"descriptor {fd}")
    return seen


for name, value in os.environb.items():
    look(name + b"=" + value, "environment")
for word in sys.argv:
    look(os.fsencode(word), "arguments")
memory_bytes = scan_memory()
file_bytes = scan_files() if PARAMS["files"] else 0
seen = {"found": found, "memoryBytes": memory_bytes, "fileBytes": file_bytes, "descriptors": scan_descriptors()}
answer(found, json.dumps(seen))
