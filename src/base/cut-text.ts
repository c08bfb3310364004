/*
 * A JavaScript string is a sequence of UTF-16 units, and a character beyond the basic plane takes two of them. A cut
 * between the two leaves half a character, which UTF-8 cannot encode. All truncation of foreign text is done here.
 */

/** The beginning of a text, at most so many units long and never ending in half a character. */
export function startOfText(text: string, most: number): string {
  return text.slice(0, whole(text, Math.max(0, most)));
}

/** The end of a text, at most so many units long and never beginning with half a character. */
export function endOfText(text: string, most: number): string {
  const from = Math.max(0, text.length - Math.max(0, most));
  return text.slice(isInside(text, from) ? from + 1 : from);
}

/** The part of a text between two offsets, without the half of a character at either of them. */
export function partOfText(text: string, from: number, to: number): string {
  const start = Math.max(0, from);
  return text.slice(isInside(text, start) ? start + 1 : start, whole(text, to));
}

/** An offset at or before the given one that is not inside a character. */
function whole(text: string, at: number): number {
  return isInside(text, at) ? at - 1 : at;
}

function isInside(text: string, at: number): boolean {
  return isHalf(text, at - 1, 0xd800) && isHalf(text, at, 0xdc00);
}

function isHalf(text: string, at: number, first: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= first && unit < first + 0x400;
}
