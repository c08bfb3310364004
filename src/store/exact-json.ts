/** JSON that keeps minus zero, which `JSON.stringify` alone writes as `0`. */
export function exactJson(value: unknown): string {
  const json = JSON as unknown as { readonly rawJSON: (this: void, text: string) => unknown };
  return JSON.stringify(value, (_key, inner: unknown) => (Object.is(inner, -0) ? json.rawJSON("-0") : inner));
}
