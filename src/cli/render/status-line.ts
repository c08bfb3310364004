import { startOfText } from "../../base/cut-text.ts";
import { safeText } from "./safe-text.ts";

/** What a status line needs of a stream; standard error is one. */
export interface StatusStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Standard error: lines that stay, and below them, on a terminal, one line that is written over. */
export class StatusLine {
  /** Whether there is a line that is written over. */
  readonly live: boolean;
  readonly #stream: StatusStream;
  #shown = "";

  constructor(stream: StatusStream, env: NodeJS.ProcessEnv = process.env) {
    this.#stream = stream;
    this.live = stream.isTTY === true && env["TERM"] !== "dumb";
  }

  /** Writes a line that stays; what could act on the terminal, line feeds too, is written as escapes. */
  note(text: string): void {
    const shown = this.#shown;
    this.clear();
    this.#stream.write(`${safeText(text)}\n`);
    if (shown !== "") this.show(shown);
  }

  /** Shows the live line, cut to the width of the terminal; nothing where there is no terminal. */
  show(text: string): void {
    if (!this.live) return;
    const columns = this.#stream.columns ?? 80;
    this.#shown = text;
    const line = safeText(text);
    this.#stream.write(`\r\u001b[K${line.length < columns ? line : `${startOfText(line, columns - 2)}…`}`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#shown === "") return;
    this.#shown = "";
    this.#stream.write("\r\u001b[K");
  }
}
