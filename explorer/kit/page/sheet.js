/* The rows of a table in a card: text to read, select and scroll. */

import { h } from "./dom.js";

export class Sheet {
  constructor(title) {
    this.title = title;
    this.table = h("table", { "aria-label": title });
    const props = { class: "laf-sheet", tabIndex: 0, role: "region" };
    this.el = h("div", { ...props, "aria-label": `rows of ${title}` }, this.table);
  }

  show({ columns, rows }) {
    const head = columns.map((text) => h("th", { scope: "col", text }));
    const lines = rows.map(([first, ...cells]) =>
      h(
        "tr",
        {},
        h("th", { scope: "row", text: first }),
        cells.map((text) => h("td", { text })),
      ),
    );
    this.table.replaceChildren(
      h("thead", {}, h("tr", {}, head)),
      h("tbody", {}, lines),
    );
  }
}
