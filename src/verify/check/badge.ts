import type { CheckReport } from "./check-report.ts";

const colours: Readonly<Record<CheckReport["tier"], string>> = {
  T3: "brightgreen",
  T2: "brightgreen",
  T1: "green",
  none: "lightgrey",
};

/** A line of Markdown that says what a check found; null where the environment is not fit. */
export function badgeOf({
  env,
  fit,
  tier,
  seeds,
}: Pick<CheckReport, "env" | "fit" | "tier" | "seeds">): string | null {
  if (!fit) return null;
  const text = `same seed, same bytes (${tier})`;
  // The service doubles hyphens and underscores that are to be seen.
  const path = encodeURIComponent(text.replaceAll("-", "--").replaceAll("_", "__"))
    // Parentheses would end the link.
    .replaceAll("(", "%28")
    .replaceAll(")", "%29");
  const alt = `sameseed check ${env}: ${text}, ${seeds.length} seeds`.replaceAll(/[[\]\\]/g, "");
  return `![${alt}](https://img.shields.io/badge/sameseed-${path}-${colours[tier]})`;
}
