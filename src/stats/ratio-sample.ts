/*
 * Observations that come in clusters: the games of one seed share its randomness, so the seed is the unit, and the
 * mean over all observations is a ratio of two sums over units. A plain sample is the case of clusters of one.
 */

/** One unit: the sum of its observations, and how many they are. */
export interface Cluster {
  readonly sum: number;
  readonly size: number;
}

/** Units in an order that only their content decides, so that a digest of them forgets how they were listed. */
export function clustersOf(groups: readonly (readonly number[])[]): readonly Cluster[] {
  return groups
    .map((group) => ({
      sum: [...group].sort((a, b) => a - b).reduce((total, value) => total + value, 0),
      size: group.length,
    }))
    .sort((a, b) => a.sum - b.sum || a.size - b.size);
}

/** The mean over all observations. */
export function ratioMean(clusters: readonly Cluster[]): number {
  let sum = 0;
  let size = 0;
  for (const cluster of clusters) {
    sum += cluster.sum;
    size += cluster.size;
  }
  return sum / size;
}

/** The standard error of {@link ratioMean}, linearised (Cochran, Sampling Techniques, 3rd ed., 6.4); 0 of one unit. */
export function ratioError(clusters: readonly Cluster[]): number {
  const units = clusters.length;
  if (units < 2) return 0;
  const mean = ratioMean(clusters);
  let squares = 0;
  let size = 0;
  for (const cluster of clusters) {
    squares += (cluster.sum - mean * cluster.size) ** 2;
    size += cluster.size;
  }
  return Math.sqrt((units / (units - 1)) * squares) / size;
}
