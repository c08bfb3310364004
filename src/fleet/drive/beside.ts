/** Work that goes on beside a loop: a queue that is away must not keep results waiting. Each kind of work runs once at a time. */
export class Beside {
  readonly #running = new Set<string>();
  #failure: { readonly error: unknown } | undefined;

  /** Begins some work, unless work of its name goes on. */
  begin(name: string, work: () => Promise<void>): void {
    if (this.#running.has(name)) return;
    this.#running.add(name);
    void work()
      .catch((error: unknown) => (this.#failure ??= { error }))
      .finally(() => this.#running.delete(name));
  }

  /** @throws what some work failed with */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
