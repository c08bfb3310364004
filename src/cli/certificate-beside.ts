import { existsSync } from "node:fs";
import { join } from "node:path";

import type { CertificateCheck, Vouching } from "../fleet/certificate-form.ts";
import type { ObjectStore } from "../store/objects/object-store.ts";

/**
 * Looks at a fleet's certificate where there is one; the code of fleets is loaded only then.
 * @param url the store to compare it with, if any
 * @param load what looks at it
 */
export async function certificateBeside<C extends Vouching>(
  dir: string,
  url: string | undefined,
  load: () => Promise<(dir: string, store?: ObjectStore) => Promise<CertificateCheck<C>>>,
): Promise<CertificateCheck<C>> {
  if (url === undefined && !existsSync(join(dir, "fleet.json"))) return { state: "none" };
  const check = await load();
  if (url === undefined) return await check(dir);
  const { withObjects } = await import("../store/objects/open-objects.ts");
  return await withObjects(url, async (store) => await check(dir, store), "read");
}
