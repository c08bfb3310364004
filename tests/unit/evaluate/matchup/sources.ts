import { racingPolicy } from "../../../racing-policy.ts";

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
    source: racingPolicy,
  },
};
