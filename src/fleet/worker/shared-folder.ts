import { readFileSync, realpathSync } from "node:fs";

/**
 * What is wrong with how a store's folder is mounted; undefined where nothing is. An NFS client remembers for seconds that a file
 * is not there, unless it is told not to: a host then runs again what another has done, and fetches what is there already.
 * @param mounts as `/proc/self/mounts` has it
 */
export function mountProblem(folder: string, mounts: string): string | undefined {
  let best: { readonly point: string; readonly type: string; readonly options: string } | undefined;
  for (const line of mounts.split("\n")) {
    const [, escaped = "", type = "", options = ""] = line.split(" ");
    const point = escaped.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const isAbove =
      point !== "" && (folder === point || folder.startsWith(point.endsWith("/") ? point : `${point}/`));
    // Of two mounts at one point the later one is seen.
    if (isAbove && point.length >= (best?.point.length ?? 0)) best = { point, type, options };
  }
  if (best === undefined || !/^nfs4?$/.test(best.type)) return undefined;
  if (/(?:^|,)lookupcache=(?:pos|positive|none)(?:,|$)/.test(best.options)) return undefined;
  return `the store's NFS mount ${best.point} remembers for seconds what is not there: mount it with lookupcache=positive`;
}

/** As {@link mountProblem}, of a store of this host. @param url as the store names itself */
export function storeProblem(url: string): string | undefined {
  const folder = /^folder:(.+)$/.exec(url)?.[1];
  if (folder === undefined) return undefined;
  try {
    return mountProblem(realpathSync(folder), readFileSync("/proc/self/mounts", "utf8"));
  } catch {
    return undefined;
  }
}
