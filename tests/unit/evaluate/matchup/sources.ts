/** Policies from source that tests play. */
export const sources: Readonly<Record<"any" | "crashes" | "races", { name: string; source: string }>> = {
  /** Draws any empty cell. */
  any: {
    name: "any.py",
    source:
      "def choose_action(board, player, rng):\n    return rng.choice([c for c in range(9) if board[c] is None])\n",
  },
  /** Takes the first empty cell; crashes where it would make its third move. */
  crashes: {
    name: "crashes.py",
    source:
      "def choose_action(board, player, rng):\n    if board.count(player) == 2:\n        raise ValueError('no idea')\n    return board.index(None)\n",
  },
  /** Moves by what the processor's own counter says. */
  races: {
    name: "races.py",
    source: [
      "import ctypes",
      "import mmap",
      "# The processor's own counter, read by an instruction: nothing decides what it says.",
      "page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
      'page.write(bytes.fromhex("0f3148c1e2204809d0c3"))',
      "count = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(page)))",
      "def choose_action(board, player, rng):",
      "    free = [c for c in range(9) if board[c] is None]",
      "    return free[count() // 7 % len(free)]",
      "",
    ].join("\n"),
  },
};
