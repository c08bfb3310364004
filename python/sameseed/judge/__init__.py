"""The reward oracle inside sandboxes: a solution's host, and the trusted judge that never shares a process with it."""
