"""The same pool with pipes of the usual size, which take a dozen processes to hold."""

import fcntl
import os

GET_SIZE, HELPERS, PIPES = 1032, 12, 110


def help_out(commands, answers):
    held: list = []
    while command := os.read(commands, 1):
        for fd in held:
            os.close(fd)
        held = [end for _ in range(PIPES if command == b"1" else 0) for end in os.pipe()]
        os.write(answers, b".")
    os._exit(0)


class Writer:
    def __init__(self):
        self.helpers = []
        for _ in range(HELPERS):
            commands, answers = os.pipe(), os.pipe()
            if os.fork() == 0:
                os.close(commands[1])
                for end in (end for helper in self.helpers for end in helper):
                    os.close(end)
                help_out(commands[0], answers[1])
            os.close(commands[0])
            os.close(answers[1])
            self.helpers.append((commands[1], answers[0]))

    def set(self, bit):
        for commands, answers in self.helpers:
            os.write(commands, b"1" if bit else b"0")
        for commands, answers in self.helpers:
            os.read(answers, 1)


class Reader:
    def get(self):
        ends = os.pipe()
        size = fcntl.fcntl(ends[1], GET_SIZE)
        for end in ends:
            os.close(end)
        return size < 65536
