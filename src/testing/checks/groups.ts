import assert from "node:assert/strict";

import { runGroup, type ContractCheck } from "../contract-check.ts";

const linkEnd = "import socket\nlink = socket.socket(fileno=4)\n";

/** What sandboxes of one group have in common: the links between them, and nothing else. */
export const groupChecks: readonly ContractCheck[] = [
  {
    name: "two sandboxes of a group talk over descriptor 4, and see each other's end",
    run: async (backend) => {
      const [asker, answerer] = await runGroup(
        backend,
        [
          `${linkEnd}link.sendall(b'ping'); print(link.recv(9).decode(), link.recv(9))`,
          `${linkEnd}print(link.recv(9).decode()); link.sendall(b'pong')`,
        ],
        [[0, 1]],
      );
      assert.equal(asker!.stdout, "pong b''\n", asker!.stderr);
      assert.equal(answerer!.stdout, "ping\n", answerer!.stderr);
    },
  },
  {
    name: "links are numbered in the order of the list, in each member",
    run: async (backend) => {
      const hub =
        "import socket\nfor fd in (4, 5):\n  link = socket.socket(fileno=fd); link.sendall(b'%d' % fd); link.close()";
      const leaf = `${linkEnd}print(link.recv(9).decode())`;
      const [, first, second] = await runGroup(
        backend,
        [hub, leaf, leaf],
        [
          [0, 1],
          [0, 2],
        ],
      );
      assert.deepEqual([first!.stdout, second!.stdout], ["4\n", "5\n"]);
    },
  },
  {
    name: "members of a group share no files and no processes",
    run: async (backend) => {
      const write = `${linkEnd}open('/tmp/mine', 'w').close(); open('/dev/shm/mine', 'w').close(); link.sendall(b'.'); link.recv(1)`;
      const look = `${linkEnd}import os; link.recv(1); print(os.listdir('/tmp'), os.listdir('/dev/shm'), os.getpid()); link.sendall(b'.')`;
      const [, looked] = await runGroup(backend, [write, look], [[0, 1]]);
      assert.equal(looked!.stdout, "[] [] 1\n", looked!.stderr);
    },
  },
];
