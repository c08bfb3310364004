import type { DatabaseSync, DatabaseSyncOptions } from "node:sqlite";

// Node 22 has the module, and warns that it may change, on standard error of every program that loads it.
const { DatabaseSync: Database } = withoutWarnings(() => process.getBuiltinModule("node:sqlite"));

/** Opens a database file. */
export function openDatabase(path: string, options: DatabaseSyncOptions = {}): DatabaseSync {
  return new Database(path, options);
}

/** Calls a function that waits for nothing; what is warned of meanwhile is dropped. */
export function withoutWarnings<T>(load: () => T): T {
  const own = Object.getOwnPropertyDescriptor(process, "emitWarning");
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    if (own === undefined) Reflect.deleteProperty(process, "emitWarning");
    else Object.defineProperty(process, "emitWarning", own);
  }
}
