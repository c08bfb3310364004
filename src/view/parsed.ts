import type * as z from "zod";

import { SameseedError } from "../base/error.ts";

/** A request of this form. @throws SameseedError `bad_argument` */
export function parsed<T>(schema: z.ZodType<T>, request: unknown): T {
  const result = schema.safeParse(request);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SameseedError(
    "bad_argument",
    `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not as expected"}`,
  );
}
