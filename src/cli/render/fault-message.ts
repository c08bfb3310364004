/** A fault of a policy, as far as its message goes. */
export interface ToldFault {
  readonly fault: string;
  /** The exception's type, or a word such as `limit`, `signal`, `exit`. */
  readonly type: string;
  readonly message: string;
}

/** A fault's message; that of an exception begins with its type, as Python shows it. */
export function faultMessage({ fault, type, message }: ToldFault): string {
  if (fault !== "crash" || !/^[A-Z]/.test(type)) return message;
  return message === "" ? type : `${type}: ${message}`;
}
