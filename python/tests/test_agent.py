"""The agent of a sandbox that stays open answers every request, also one that is not of its form."""

import json
import os
import socket
import unittest

from sameseed.agent import agent, wire

MALFORMED = [
    (wire.SIGNAL, b"{}"), (wire.SIGNAL, b'{"number": null}'), (wire.SIGNAL, b'{"number": "SIGBREAK"}'),
    (wire.SIGNAL, b'{"number": 99}'), (wire.SIGNAL, b'{"number": 1e9}'),
    (wire.SIGNAL, b'{"number": 9999999999999999999999}'), (wire.SIGNAL, b"[]"), (wire.SIGNAL, b""),
    (wire.RUN, b"{}"), (wire.RUN, b'{"argv": [], "cwd": "/", "env": {}}'),
    (wire.RUN, b'{"argv": ["true"], "cwd": "/", "env": 5}'), (wire.RUN, b'{"argv": [5], "cwd": "/", "env": {}}'),
    (wire.READ, b"5"), (wire.READ, b"{}"), (wire.READ, b"[" * 60_000), (wire.LIST, b'{"path": {}}'),
    (wire.OPEN, b'{"path": "/tmp/x", "mode": "644"}'), (wire.REMOVE, b'{"path": "/tmp/x"}'), (b"?", b""),
]  # fmt: skip


class AgentTest(unittest.TestCase):
    def setUp(self) -> None:
        self.host, there = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.host.close()
            agent.serve(there.detach())
        there.close()
        self.host.settimeout(20)

    def tearDown(self) -> None:
        self.host.close()
        os.waitpid(self.pid, 0)

    def send(self, kind: bytes, number: int, payload: bytes) -> None:
        self.host.sendall(len(payload).to_bytes(4, "little") + kind + number.to_bytes(4, "little") + payload)

    def take(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = self.host.recv(length - len(data))
            self.assertTrue(part, "the agent ended")
            data += part
        return data

    def answer(self) -> tuple[bytes, int, bytes]:
        head = self.take(wire.HEAD)
        return head[4:5], int.from_bytes(head[5:9], "little"), self.take(int.from_bytes(head[:4], "little"))

    def test_a_malformed_request_has_an_error_and_the_others_go_on(self) -> None:
        self.send(wire.RUN, 1, json.dumps({"argv": ["/usr/bin/env", "cat"], "cwd": "/", "env": {}}).encode())
        self.assertEqual(self.answer()[:2], (wire.STARTED, 1))
        for number, (kind, payload) in enumerate(MALFORMED, 2):
            with self.subTest(kind=kind, payload=payload[:50]):
                self.send(kind, 1 if kind == wire.SIGNAL else number, payload)
                said, whose, body = self.answer()
                self.assertEqual((said, whose), (wire.ERROR, 1 if kind == wire.SIGNAL else number))
                self.assertIn("errno", json.loads(body))
        self.send(wire.INPUT, 1, b"heard")
        self.assertEqual(json.loads(self.answer()[2]), {"bytes": 5})
        self.assertEqual(self.answer(), (wire.STDOUT, 1, b"heard"))
        self.send(wire.END, 1, b"")
        said, _, body = self.answer()
        self.assertEqual((said, json.loads(body)["status"]), (wire.EXITED, 0))


if __name__ == "__main__":
    unittest.main()
