const bytesMost = 8192;

/** Keeps the end of what each sandbox of a group wrote to standard error, by member. */
export function keepLastWords(said: string[], member: number, data: Buffer): void {
  said[member] = ((said[member] ?? "") + data.toString()).slice(-bytesMost);
}
