/*
 * Where the page is: `#RUN/SEED/STEP/FIELD`, with names encoded as in a URL. What is no seed begins with a tilde: `~diff`,
 * `~tree`, `~audit`, `~script`. All of the page's state that is worth a link is in it.
 */
import { useEffect, useState } from "preact/hooks";

/** The parts of the present place. */
export type Route = readonly string[];

/** A link to a place. */
export function href(...parts: readonly (string | number)[]): string {
  return `#${parts.map((part) => encodeURIComponent(part).replaceAll("%7E", "~").replaceAll("%2F", ":")).join("/")}`;
}

/** Goes to a place. @param replace as a step within the place where the reader is, which the back button skips */
export function go(link: string, replace = false): void {
  if (location.hash === link) return;
  if (replace) history.replaceState(null, "", link);
  else location.hash = link;
  if (replace) dispatchEvent(new HashChangeEvent("hashchange"));
}

/** The place that a hash names. */
export function routeOf(hash: string): Route {
  return hash
    .replace(/^#/, "")
    .split("/")
    .filter((part) => part !== "")
    .map((part) => {
      try {
        return decodeURIComponent(part.replaceAll(":", "%2F"));
      } catch {
        return part;
      }
    });
}

/** The present place; renders anew where it changes. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return routeOf(hash);
}
