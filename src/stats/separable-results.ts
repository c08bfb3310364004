/*
 * Whether ratings run away to infinity.
 *
 * Maximum likelihood has no finite answer where some direction in the space of ratings (and seat advantage) agrees with
 * every result: X's score in a game i-j depends on rᵢ - rⱼ + s, so a direction (d, e) agrees where dᵢ - dⱼ + e is ≥ 0
 * for each pair of players in which X won, ≤ 0 where O won, and both where they drew. Only the sign of e matters. For
 * e = 0 such a direction exists exactly where the players are not all reachable from each other along "scored against"
 * (Ford, American Mathematical Monthly 64, 1957). For e = ±1 the conditions are a system of difference constraints,
 * which has a solution exactly where its graph has no cycle of negative weight (Bellman and Ford).
 */

/** dₜₒ ≤ d_from + weight·e. */
interface Constraint {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** Who met whom with which result, players as indices. */
export interface Meeting {
  readonly x: number;
  readonly o: number;
  /** Points of X, draws counting ½. */
  readonly xPoints: number;
  /** Points of O. */
  readonly oPoints: number;
}

/** Whether maximum likelihood leaves some rating, or the seat advantage, unbounded. */
export function isSeparable(players: number, meetings: readonly Meeting[], withSeat: boolean): boolean {
  const constraints = meetings.flatMap(({ x, o, xPoints, oPoints }) => [
    ...(xPoints > 0 ? [{ from: x, to: o, weight: 1 }] : []),
    ...(oPoints > 0 ? [{ from: o, to: x, weight: -1 }] : []),
  ]);
  if (!isStronglyConnected(players, constraints)) return true;
  return withSeat && (isFeasible(players, constraints, 1) || isFeasible(players, constraints, -1));
}

function isStronglyConnected(players: number, constraints: readonly Constraint[]): boolean {
  const forward = constraints.map(({ from, to }) => [from, to] as const);
  const backward = constraints.map(({ from, to }) => [to, from] as const);
  return [forward, backward].every((edges) => reachable(players, edges) === players);
}

function reachable(players: number, edges: readonly (readonly [number, number])[]): number {
  const next = Array.from({ length: players }, (): number[] => []);
  for (const [from, to] of edges) next[from]?.push(to);
  const found = new Set([0]);
  for (const player of found) for (const other of next[player] ?? []) found.add(other);
  return found.size;
}

function isFeasible(players: number, constraints: readonly Constraint[], sign: number): boolean {
  const distance = Array.from({ length: players }, () => 0);
  for (let round = 0; round <= players; round++) {
    let changed = false;
    for (const { from, to, weight } of constraints) {
      const reached = (distance[from] ?? 0) + sign * weight;
      if (reached >= (distance[to] ?? 0)) continue;
      distance[to] = reached;
      changed = true;
    }
    if (!changed) return true;
  }
  return false;
}
