/* How long a command that was killed may take to be reported dead. Its agent is played. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { AgentClient } from "../../../src/sandbox/agent/agent-client.ts";
import type { AgentSession } from "../../../src/sandbox/agent/agent-session.ts";
import { encodeAgentMessage } from "../../../src/sandbox/agent/wire.ts";
import { Command } from "../../../src/sandbox/command.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.for([
  ["says nothing", false, 5_000],
  ["says what another of its programs writes", true, 20_000],
] as const)("an agent that %s is ended all the same", async ([, speaks, afterMs]) => {
  const kill = vi.fn<() => void>();
  const none = (): void => {};
  const client = new AgentClient(none);
  const session = {
    client,
    outputBytes: 1 << 20,
    running: { kill, oomKills: () => 0 },
    hold: none,
  };
  const options = { timeoutMs: 1 };
  const command = new Command(session as unknown as AgentSession, "sleep", options, false);
  void command.wait();
  if (speaks) setInterval(() => client.receive(encodeAgentMessage("stdout", 7, Buffer.from("x"))), 1_000);
  await vi.advanceTimersByTimeAsync(afterMs - 100);
  expect(kill).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(kill).toHaveBeenCalledOnce();
});
