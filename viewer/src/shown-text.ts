/*
 * What environments, policies and completions wrote may hold characters that turn the order of what is read after them. Every
 * text of the page goes through here on its way into an element, so none can be forgotten.
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

/** Makes every text that becomes part of the page such a text. */
export function showTexts(): void {
  options.vnode = (vnode) => {
    const { props } = vnode as { readonly props: { children?: ComponentChildren } | null };
    if (props?.children !== undefined && props.children !== null)
      props.children = shownChildren(props.children);
  };
}
