import type { FleetCertificate } from "../../fleet/certificate.ts";
import type { CertificateCheck } from "../../fleet/certificate-form.ts";
import type { ScoreCertificate } from "../../fleet/score-certificate.ts";
import { count } from "./numbers.ts";
import { printable } from "./safe-text.ts";
import type { Painter } from "./style.ts";

/** What a fleet's certificate says of a run, or of scores. */
export function fleetLines(
  check: CertificateCheck<FleetCertificate | ScoreCertificate>,
  paint: Painter,
): string[] {
  if (check.state === "none") return [];
  if (check.state === "altered") return [paint("bad", `the fleet's certificate does not hold: ${check.why}`)];
  const { fromFleet, hosts, again, mismatches, quarantined, root } = check.certificate;
  const isOfScores = "scores" in check.certificate;
  const all = isOfScores
    ? count(check.certificate.scores, "score")
    : count(check.certificate.rollouts, "rollout");
  if (check.state === "outgrown") return [`the fleet's certificate is about ${all}; more were added since`];
  const twice = again.lease + again.hedge + again.audit;
  const stored = check.inStore === undefined ? "" : `, ${check.inStore} of them in the store`;
  return [
    `fleet: ${fromFleet} of ${all} by ${hosts.map((host) => printable(host)).join(", ")}${stored}; ${twice} run twice, ${count(mismatches, "mismatch", "mismatches")}`,
    ...(quarantined.length === 0
      ? []
      : [`quarantined: ${quarantined.map((host) => printable(host)).join(", ")}`]),
    `root ${root.slice(0, 12)}: that of these ${isOfScores ? "scores" : "rollouts"}`,
  ];
}
