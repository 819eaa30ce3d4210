/* The state that a notebook's cell showed last: the browser keeps it, so that a restart of
 * the kernel loses nothing. A new explorer in the cell offers to bring it back. */

import { button, h } from "./dom.js";

export class Past {
  /* `cell` names the cell, `call` the dashboard; `bring` takes the link of a state. */
  constructor({ cell, call }, bring) {
    this.key = cell ? `laf ${location.pathname} ${cell} ${call}` : "";
    this.before = this.key ? read(this.key) : "";
    this.first = null; // the state that this explorer opened with
    this.el = h(
      "div",
      { class: "laf-past", role: "status", hidden: true },
      h("span", { text: "This cell showed another state before." }),
      button("Bring it back", () => {
        this.hide();
        bring(this.before);
      }),
      button("Dismiss", () => this.hide()),
    );
  }

  /* Follows the state on screen: offers the one before, then keeps each new one. */
  follow(link) {
    if (!this.key || !link) {
      return;
    }
    if (this.first === null) {
      this.first = link;
      this.el.hidden = !this.before || this.before === link;
    } else if (link !== this.first) {
      this.first = ""; // from now on, every state counts, the first one, too
      keep(this.key, link);
    }
  }

  hide() {
    this.el.hidden = true;
  }
}

function read(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // the browser keeps nothing
  }
}

function keep(key, link) {
  try {
    localStorage.setItem(key, link);
  } catch {
    // full, or forbidden: "Share link" still gives the state
  }
}
