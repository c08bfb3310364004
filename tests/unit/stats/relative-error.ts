/** How far a value is from the right one, as a share of it; the difference itself where that is 0. */
export function relativeError(value: number, right: number): number {
  return right === 0 ? Math.abs(value) : Math.abs(value - right) / Math.abs(right);
}
