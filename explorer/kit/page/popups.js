/* Menus, explanations and dialogs in the browser's top layer, which nothing clips. */

import { button, h } from "./dom.js";

const GAP = 4;
const MARGIN = 8;

/* Puts a popover below its anchor, or above, inside the window. */
function place(popover, anchor) {
  const at = anchor.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const left = Math.min(at.left, innerWidth - width - MARGIN);
  const below = at.bottom + GAP;
  const top = below + height > innerHeight - MARGIN ? at.top - height - GAP : below;
  popover.style.left = `${Math.max(MARGIN, left)}px`;
  popover.style.top = `${Math.max(MARGIN, top)}px`;
}

/* Connects a popover to the button that opens it. */
function attach(popover, anchor) {
  anchor.popoverTargetElement = popover;
  anchor.setAttribute("aria-expanded", "false");
  popover.addEventListener("toggle", ({ newState }) => {
    anchor.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "open") {
      place(popover, anchor);
    }
  });
}

/* Returns a list of actions, opened by `anchor`; entries: null or {label, act, data}. */
export function menu(anchor, entries) {
  const items = entries.filter(Boolean).map(({ label, act, data }) => {
    const choose = () => {
      list.hidePopover();
      anchor.focus();
      act();
    };
    const item = button(label, choose, { data });
    item.removeAttribute("title");
    return item;
  });
  const name = anchor.getAttribute("aria-label");
  const props = {
    class: "laf-menu",
    popover: "auto",
    role: "group",
    "aria-label": name,
  };
  const list = h("div", props, items);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const from = items.indexOf(document.activeElement);
      items.at((from + step) % items.length).focus();
    }
  });
  list.addEventListener(
    "toggle",
    ({ newState }) => newState === "open" && items[0]?.focus(),
  );
  attach(list, anchor);
  return list;
}

/* One popover for all explanations of a page: it moves to the element that opens it. */
export class Explanation {
  constructor() {
    this.el = h("div", { class: "laf-explain", popover: "auto", role: "note" });
  }

  show(anchor, ...children) {
    this.el.replaceChildren(...children.filter(Boolean));
    this.el.showPopover();
    place(this.el, anchor);
    this.el.scrollTop = 0;
  }
}

/* A modal dialog with a title; it calls `closed` whenever and however it closes. */
export class Dialog {
  constructor(title, body, actions = [], closed = () => {}) {
    const close = button("Close", () => this.el.close(), { sign: "close", text: "" });
    const props = { class: "laf-dialog", "aria-label": title, on: { close: closed } };
    const head = h(
      "div",
      { class: "laf-dialog-head" },
      h("h2", { text: title }),
      actions,
      close,
    );
    this.el = h("dialog", props, head, body);
    this.el.addEventListener(
      "click",
      (event) => event.target === this.el && this.el.close(),
    );
  }

  open() {
    if (!this.el.open) {
      this.el.showModal();
    }
  }
}
