import type { Interval } from "./interval.ts";
import { quantileOfSorted } from "./moments.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { type Cluster, ratioMean } from "./ratio-sample.ts";
import { streamOf } from "./seeded-stream.ts";
import { studentQuantile } from "./student-t.ts";

/** How many resampled units a default interval may cost; above it, fewer resamples are drawn, down to 2000. */
const work = 2e7;

/**
 * The bias-corrected and accelerated bootstrap interval of the mean (Efron, JASA 82, 1987), resampling whole
 * clusters. Two clusters or more that do not all have the same mean.
 *
 * Resamples vary less than samples do, by (n-1)/n, and know nothing of the doubt in the spread itself: the normal
 * quantile is therefore replaced by √(n/(n-1)) times Student's (the expanded percentile of Hesterberg, The American
 * Statistician 69, 2015). Without that, 20 normal values were covered in 93 of 100 samples rather than in 95.
 */
export function bcaInterval(clusters: readonly Cluster[], level: number, draws?: number): Interval {
  const resamples = draws ?? Math.round(Math.min(10_000, Math.max(2000, work / clusters.length)));
  const means = resampledMeans(clusters, resamples);
  const mean = ratioMean(clusters);
  let below = 0;
  for (const value of means) below += value < mean ? 1 : value === mean ? 0.5 : 0;
  const edge = 0.5 / resamples;
  const bias = normalQuantile(Math.min(Math.max(below / resamples, edge), 1 - edge));
  const acceleration = jackknifeAcceleration(clusters);
  const units = clusters.length;
  const expansion = Math.sqrt(units / (units - 1));
  const end = (p: number): number => {
    const z = bias + expansion * studentQuantile(p, units - 1);
    const scale = 1 - acceleration * z;
    // Past its pole the correction has turned round: the outermost resample is all that is left to say.
    return quantileOfSorted(means, scale > 0 ? normalCdf(bias + z / scale) : z > 0 ? 1 : 0);
  };
  return {
    low: Math.min(end((1 - level) / 2), mean),
    high: Math.max(end((1 + level) / 2), mean),
    level,
    method: "bca",
  };
}

function resampledMeans(clusters: readonly Cluster[], resamples: number): Float64Array {
  const units = clusters.length;
  const sums = Float64Array.from(clusters, (cluster) => cluster.sum);
  const sizes = Float64Array.from(clusters, (cluster) => cluster.size);
  const stream = streamOf("bootstrap", [...sums, ...sizes]);
  const means = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    let size = 0;
    for (let unit = 0; unit < units; unit++) {
      const drawn = stream.below(units);
      sum += sums[drawn] ?? 0;
      size += sizes[drawn] ?? 0;
    }
    means[resample] = sum / size;
  }
  return means.sort();
}

/** Σ(J-jᵢ)³ / (6 (Σ(J-jᵢ)²)^1.5) with jᵢ the mean without unit i, J their mean. */
function jackknifeAcceleration(clusters: readonly Cluster[]): number {
  let sum = 0;
  let size = 0;
  for (const cluster of clusters) {
    sum += cluster.sum;
    size += cluster.size;
  }
  const without = clusters.map((cluster) => (sum - cluster.sum) / (size - cluster.size));
  const centre = without.reduce((total, value) => total + value, 0) / without.length;
  let squares = 0;
  let cubes = 0;
  for (const value of without) {
    squares += (centre - value) ** 2;
    cubes += (centre - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}
