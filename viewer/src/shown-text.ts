/*
 * What environments, policies and completions wrote may hold characters that turn the order of what is read after them. Every
 * text of the page goes through here on its way into an element, and so does what is read out or shown of it beside, so none can
 * be forgotten.
 */
import { options, type ComponentChildren } from "preact";

const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text with characters that turn the order of letters written as escapes, as JSON has them. */
export function shownText(text: string): string {
  return text.replaceAll(
    turning,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function shownChildren(children: ComponentChildren): ComponentChildren {
  if (typeof children === "string") return shownText(children);
  return Array.isArray(children) ? children.map(shownChildren) : children;
}

/** Attributes that people hear or see. */
const read = [
  "alt",
  "aria-description",
  "aria-label",
  "aria-roledescription",
  "aria-valuetext",
  "placeholder",
  "title",
];

/** Makes every text that becomes part of the page such a text. */
export function showTexts(): void {
  options.vnode = (vnode) => {
    const { props } = vnode as { readonly props: Record<string, unknown> | null };
    if (props === null) return;
    const children = props["children"] as ComponentChildren;
    if (children !== undefined && children !== null) props["children"] = shownChildren(children);
    if (typeof vnode.type !== "string") return;
    for (const name of read) {
      const value = props[name];
      if (typeof value === "string") props[name] = shownText(value);
    }
  };
}
