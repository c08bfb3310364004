import { nowIso } from "../base/clock.ts";

/** How much a line of the log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts of one line. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A log of lines that are JSON documents: `time`, `level`, `event`, and the facts. */
export class ServerLog {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Something ordinary. */
  info(event: string, facts: LogFacts = {}): void {
    this.#line("info", event, facts);
  }

  /** Something that somebody should look at. */
  warn(event: string, facts: LogFacts = {}): void {
    this.#line("warn", event, facts);
  }

  /** A failure of the server or the host. */
  error(event: string, facts: LogFacts = {}): void {
    this.#line("error", event, facts);
  }

  #line(level: LogLevel, event: string, facts: LogFacts): void {
    this.#write(JSON.stringify({ time: nowIso(), level, event, ...facts }));
  }
}
