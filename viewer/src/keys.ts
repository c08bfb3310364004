import { useEffect, useRef } from "preact/hooks";

/** What keys do on a page, by `KeyboardEvent.key`. */
export type Keys = Readonly<Record<string, () => void>>;

/** Arrows do in every view what these do, unless the view says otherwise. */
const likewise: Readonly<Record<string, string>> = { ArrowRight: "j", ArrowLeft: "k" };

/** Whether an arrow key scrolls what has the focus. */
function scrolls({ key, target }: KeyboardEvent): boolean {
  return (
    key in likewise &&
    target instanceof HTMLElement &&
    target.matches("pre, .wide-box") &&
    target.scrollWidth > target.clientWidth
  );
}

/** Hears keys while a view is shown; what is typed into a field, or with a modifier, is not its business. */
export function useKeys(keys: Keys): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const { target } = event;
      if (
        target instanceof HTMLInputElement ||
        target instanceof HTMLSelectElement ||
        target instanceof HTMLTextAreaElement
      )
        return;
      if (
        event.key === "Enter" &&
        target instanceof HTMLElement &&
        target.closest("a, button, summary") !== null
      )
        return;
      const act = now.current[event.key] ?? now.current[likewise[event.key] ?? ""];
      if (act === undefined || scrolls(event)) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
}
