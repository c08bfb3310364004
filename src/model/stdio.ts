/** What a program wrote to one of its streams, as UTF-8; bytes that are none are replaced. */
export interface StdioText {
  /** How many bytes it wrote in all. */
  readonly bytes: number;
  /** All of it, or of much of it the beginning. */
  readonly text: string;
  /** The end of it, where what is between is left out. */
  readonly tail?: string;
}

/** What one program of a rollout wrote. */
export interface ProgramStdio {
  /** The seat whose policy it is; null for the environment, beside which built-in policies run. */
  readonly seat: string | null;
  readonly stdout: StdioText;
  readonly stderr: StdioText;
}
