import { acquireHostResources, releaseHostResources, type HostResources } from "./host-resources.ts";

/** One backend's hold on what the host gives: taken when it is first needed, given back once. */
export class HeldHost {
  #resources: Promise<HostResources> | undefined;

  /**
   * What the host gives. What failed once is tried again: a host that was short of something need not stay so.
   * @throws as {@link acquireHostResources}
   */
  async get(): Promise<HostResources> {
    this.#resources ??= acquireHostResources();
    try {
      return await this.#resources;
    } catch (error) {
      this.#resources = undefined;
      throw error;
    }
  }

  /** Gives back what was taken, if anything was. */
  async release(): Promise<void> {
    await this.#resources?.then(releaseHostResources, () => {});
  }
}
