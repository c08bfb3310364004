/** A queue's address as it may be shown: without user and password. */
export function maskedUrl(url: string): string {
  // Up to the last `@`: a password that was not encoded may have one.
  return url.replace(/^(\w[\w+.-]*:\/\/)[^\s]*@/, "$1***@").replaceAll(/([?&]password=)[^&\s]*/g, "$1***");
}
