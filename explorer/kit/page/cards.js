/* A card for each view: title, note, menu, the figure with its text, its legend. */

import { button, h, write } from "./dom.js";
import { FullScreen } from "./full.js";
import { menu } from "./popups.js";
import { Sheet } from "./sheet.js";

const ARROWS = "ArrowUp ArrowDown ArrowLeft ArrowRight"; // they move the pixel

/* A swatch that matches the figure: a square, a line, or a mark. */
function swatch({ color, mark = "square", dash }) {
  const i = h("i", { class: `laf-mark laf-mark-${mark}${dash ? " laf-dash" : ""}` });
  i.style.setProperty("--c", color ?? "currentColor");
  return i;
}

class Card {
  constructor(declared, actions) {
    this.declared = declared;
    this.name = declared.name;
    this.title = h("h2", { text: declared.title });
    this.note = h("span", { class: "laf-note" });
    const keys = declared.probed
      ? { tabIndex: 0, data: { picture: declared.name }, "aria-keyshortcuts": ARROWS }
      : {};
    this.place = h("div", {
      class: "laf-figure",
      role: "img",
      "aria-label": declared.title,
      ...keys,
    });
    this.sheet = declared.kind === "Table" ? new Sheet(declared.title) : null;
    if (this.sheet) {
      this.place.setAttribute("aria-hidden", "true"); // drawn for "Save PNG" only
    }
    this.error = h("p", { class: "laf-failed", hidden: true });
    this.legend = h("div", { class: "laf-legend", hidden: true });
    const more = button(`options of ${declared.title}`, () => {}, {
      sign: "more",
      text: "",
      class: "laf-more",
    });
    const list = menu(more, [
      { label: "Full screen", act: () => this.full.toggle() },
      declared.about
        ? { label: "About this view", act: () => actions.about(more, declared) }
        : null,
      { label: "Save PNG", act: () => actions.save(this, "png") },
      { label: "Save SVG", act: () => actions.save(this, "svg") },
      { label: "Save CSV", act: () => actions.csv(this.name), data: { kernel: "" } },
      { label: "Hide", act: () => actions.hide(this.name) },
    ]);
    const leave = button("Leave full screen", () => this.full.toggle(), {
      sign: "close",
      text: "",
      class: "laf-leave",
    });
    const head = h("header", {}, this.title, this.note, more, leave);
    const shown = [this.place, this.sheet?.el ?? null, this.error];
    const body = h("div", { class: "laf-body-of-card" }, shown);
    this.el = h(
      "section",
      {
        class: `laf-card laf-${declared.kind}`,
        "aria-label": declared.title,
        data: { view: declared.name },
      },
      head,
      body,
      this.legend,
      list,
    );
    this.full = new FullScreen(this.el);
  }

  show({ title, note, alt, legend, error, table }) {
    write(this.title, title ?? this.declared.title);
    this.title.title = this.title.textContent;
    write(this.note, note ?? "");
    this.note.title = note ?? "";
    this.place.setAttribute("aria-label", alt || this.title.textContent);
    write(this.error, error ?? "");
    this.error.hidden = !error;
    this.el.classList.toggle("laf-has-error", Boolean(error));
    if (this.sheet && table) {
      this.sheet.show(table);
    }
    const entries = legend ?? [];
    const key = JSON.stringify(entries);
    if (key !== this.shownLegend) {
      this.shownLegend = key;
      this.legend.hidden = entries.length === 0;
      this.legend.replaceChildren(
        ...entries.map((entry) => h("span", {}, swatch(entry), entry.label)),
      );
    }
  }
}

/* All cards, and which of them are shown. */
export class Cards {
  constructor(declared, { act, ...actions }) {
    this.act = act;
    const all = {
      ...actions,
      hide: (name) => this.want(this.shown.filter((n) => n !== name)),
    };
    this.cards = new Map(
      (declared.views ?? []).map((view) => [view.name, new Card(view, all)]),
    );
    this.shown = [...this.cards.keys()];
    this.el = h(
      "div",
      { class: "laf-grid" },
      [...this.cards.values()].map(({ el }) => el),
    );
    this.chooser = this.makeChooser();
  }

  /* A menu of all views, each with a check mark. */
  makeChooser() {
    const open = button("Views", () => {}, {
      class: "laf-chip laf-views",
      title: "choose the views",
    });
    this.boxes = [...this.cards.values()].map(({ name, declared }) => {
      const box = h("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => {
        const others = this.shown.filter((n) => n !== name);
        this.want(box.checked ? [...others, name] : others);
      });
      return { name, box, el: h("label", {}, box, declared.title) };
    });
    const list = menu(open, []);
    list.append(...this.boxes.map(({ el }) => el));
    return [open, list];
  }

  /* Requests these views, in the order of the declaration, and shows them at once. */
  want(names) {
    const wanted = [...this.cards.keys()].filter((name) => names.includes(name));
    this.show({ shown: wanted });
    this.act("show", wanted);
  }

  show({ views, shown }) {
    for (const [name, content] of Object.entries(views ?? {})) {
      this.cards.get(name)?.show(content);
    }
    if (shown) {
      this.shown = shown;
      for (const [name, { el }] of this.cards) {
        el.hidden = !shown.includes(name);
      }
      for (const { name, box } of this.boxes) {
        box.checked = shown.includes(name);
      }
      this.resized?.();
    }
  }

  /* The element of each figure, by the id of its root. */
  get places() {
    const cards = [...this.cards.values()];
    return Object.fromEntries(
      cards.map(({ declared, place }) => [declared.root, place]),
    );
  }

  /* The name of the view whose figure has this id. */
  named(root) {
    return [...this.cards.values()].find((card) => card.declared.root === root)?.name;
  }

  close() {
    for (const { full } of this.cards.values()) {
      full.close();
    }
  }
}
