/** A command that a page shows, with what it prints. */
export interface ShownCommand {
  /** What follows `npx sameseed`. */
  readonly line: string;
  readonly shown: string;
}

/** The commands of a session that a page shows: each prompt, and what stands below it up to the next one. */
export function shownCommands(text: string): ShownCommand[] {
  return [...text.matchAll(/^\$ npx sameseed (.+)\n((?:(?!\$ ).*\n)*)/gm)].map(
    ([, line = "", shown = ""]) => ({
      line,
      shown,
    }),
  );
}

/**
 * Output without what another machine or another time changes: whole digests, durations, tiers, the clock that an example reads.
 * What a table cuts to 16 digits stays: play digests, which are the same under every image.
 */
export function steady(text: string): string {
  return text
    .replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:…")
    .replaceAll(/image gymnasium [0-9a-f]+/g, "image gymnasium …")
    .replaceAll(/spec [0-9a-f]{8}/g, "spec …")
    .replaceAll(/[\d.]+ (ms|s) · [\d.]+ rollouts\/s/g, "…")
    .replaceAll(/ {3}[\d.]+ (ms|s)$/gm, "   …")
    .replaceAll(/sealed T\d \[.*\]$/gm, "sealed …")
    .replaceAll(/\d{10}\.\d+ float/g, "… float");
}

/** {@link steady}, also without play digests: for what reads the sealed clock, which shows how often the image's Python read it. */
export function steadyInAnyImage(text: string): string {
  return steady(text).replaceAll(/sha256:[0-9a-f]+…/g, "sha256:…");
}
