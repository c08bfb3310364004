/*
 * Theory of operation. Output stays readable behind the end of its process, and for a while behind that of its sandbox. So that no
 * client can make the server hold more and more of it, each sandbox keeps so much, and all that are over so much together.
 */
/** The most bytes of ended processes, their output and their arguments, that a sandbox keeps; the oldest is forgotten first. */
const sandboxBytesMost = 64 * 1024 * 1024;
/** The most processes that a sandbox keeps, as long as some of them have ended. */
const processesMost = 1000;
/** The most bytes of output that sandboxes keep which are over, all together. */
const overBytesMost = 256 * 1024 * 1024;

/** The most bytes of ended processes that all sandboxes keep together. */
const endedBytesMost = 1024 * 1024 * 1024;

/** Something that keeps output. */
export interface OutputKeeper {
  /** How many bytes it keeps. */
  readonly keptBytes: number;
  /** Forgets them. */
  readonly dropOutput: () => void;
}

/** A process, of which something is kept. */
export interface KeptProcess {
  readonly isEnded: boolean;
  readonly keptBytes: number;
  /** Forgets its output. */
  readonly drop: () => void;
}

/**
 * Forgets what is too much of a sandbox's processes: the oldest that ended, never the last of them, which somebody may be about to
 * read. Whoever still knows of one that is forgotten is told that its output is gone.
 */
export function forgetOldOutput(processes: Map<string, KeptProcess>): void {
  const ended = [...processes].filter(([, { isEnded }]) => isEnded);
  let bytes = ended.reduce((sum, [, { keptBytes }]) => sum + keptBytes, 0);
  for (const [id, process] of ended.slice(0, -1)) {
    const isTooMany = processes.size > processesMost;
    if (isTooMany) processes.delete(id);
    if (!isTooMany && bytes <= sandboxBytesMost) continue;
    bytes -= process.keptBytes;
    process.drop();
  }
}

/**
 * What is kept of processes that ended, in all sandboxes together: of each sandbox the last is kept whatever it wrote, and there are
 * many sandboxes.
 */
export class EndedOutput {
  readonly #most: number;
  /** Those that ended, the first before all others, and what each kept when it was looked at last. */
  readonly #ended: Map<KeptProcess, number> = new Map();
  #bytes = 0;

  /** @param most bytes of all together; the last alone may have more */
  constructor(most: number = endedBytesMost) {
    this.#most = most;
  }

  /** How many bytes are kept, at the most. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps what a process has that ended; drops what those have that ended first, where it is too much. */
  keep(process: KeptProcess): void {
    this.#set(process, process.keptBytes);
    if (this.#bytes <= this.#most) return;
    // Others may have been dropped meanwhile.
    for (const each of this.#ended.keys()) this.#set(each, each.keptBytes);
    for (const each of this.#ended.keys()) {
      if (this.#bytes <= this.#most || each === process) return;
      each.drop();
      this.#set(each, 0);
    }
  }

  /** A process is not kept any more. */
  forget(process: KeptProcess): void {
    this.#set(process, 0);
  }

  #set(process: KeptProcess, bytes: number): void {
    this.#bytes += bytes - (this.#ended.get(process) ?? 0);
    if (bytes === 0) this.#ended.delete(process);
    else this.#ended.set(process, bytes);
  }
}

/** The output of the sandboxes that are over. */
export class OverOutput {
  readonly #keepers: Set<OutputKeeper> = new Set();

  /** Keeps that of one more; that of those before it is dropped, the oldest first, where it is too much. */
  keep(keeper: OutputKeeper): void {
    this.#keepers.add(keeper);
    let bytes = [...this.#keepers].reduce((sum, { keptBytes }) => sum + keptBytes, 0);
    for (const old of this.#keepers) {
      if (bytes <= overBytesMost || old === keeper) return;
      bytes -= old.keptBytes;
      old.dropOutput();
      this.#keepers.delete(old);
    }
  }

  /** One keeps nothing any more. */
  forget(keeper: OutputKeeper): void {
    this.#keepers.delete(keeper);
  }
}
