/* The table of runs below the pictures: sort, restore, drop and export frozen runs. */

import { button, h, write } from "./dom.js";

const NOW = "now"; // first cell of the row of the present run
const DIGITS = 6; // of numbers on the screen; the file has all of them
const NUMBER = 0;
const TEXT = 1;
const MISSING = 2;

function kindOf(cell) {
  if (cell === null || cell === "") {
    return MISSING;
  }
  return Number.isNaN(Number(cell)) ? TEXT : NUMBER;
}

/* Compares two cells: first numbers, then texts, then missing values; `turn` is -1 to
 * reverse the order of numbers and of texts. */
function compare(one, other, turn) {
  const [kind, second] = [kindOf(one), kindOf(other)];
  if (kind !== second) {
    return kind - second;
  }
  const texts = [String(one), String(other)];
  return turn * (kind === NUMBER ? one - other : texts[0].localeCompare(texts[1]));
}

function written(cell) {
  if (typeof cell === "number") {
    return String(Number(cell.toPrecision(DIGITS)));
  }
  return cell ?? "–";
}

export class Runs {
  constructor(act) {
    this.act = act;
    this.columns = [];
    this.rows = [];
    this.key = ""; // columns shown, as JSON
    this.sorted = { column: null, turn: 1 };
    this.note = h("caption");
    this.head = h("tr");
    this.body = h("tbody");
    const save = button("Export CSV", () => act("export", { kind: "csv", view: "runs" }), {
      sign: "export",
    });
    this.el = h(
      "section",
      { class: "laf-runs", hidden: true, "aria-label": "frozen runs" },
      h("header", {}, h("h2", { text: "Frozen runs" }), save),
      h(
        "div",
        { class: "laf-scroll", tabIndex: 0, role: "region", "aria-label": "all runs" },
        h("table", {}, this.note, h("thead", {}, this.head), this.body),
      ),
    );
  }

  show({ columns = [], rows = [], note = "" }) {
    this.el.hidden = rows.length === 0;
    this.rows = rows;
    write(this.note, note);
    this.note.hidden = !note;
    if (JSON.stringify(columns) !== this.key) {
      this.key = JSON.stringify(columns);
      this.columns = columns;
      this.makeHead();
    }
    this.draw();
  }

  makeHead() {
    const cells = this.columns.map((name) => {
      const label = name.replace("_percent", " in %").replaceAll("_", " ");
      const sort = button(label, () => this.sort(name), { title: `Sort by ${label}` });
      return h("th", { scope: "col", "aria-sort": "none" }, sort);
    });
    this.head.replaceChildren(...cells, h("td"));
  }

  /* Sorts by a column; a second click reverses the order. */
  sort(column) {
    const again = column === this.sorted.column;
    this.sorted = { column, turn: again ? -this.sorted.turn : 1 };
    this.draw();
  }

  draw() {
    const { column, turn } = this.sorted;
    const at = this.columns.indexOf(column);
    const order = turn > 0 ? "ascending" : "descending";
    this.columns.forEach((_, k) => {
      this.head.children[k].setAttribute("aria-sort", k === at ? order : "none");
    });
    const rows =
      at < 0 ? this.rows : this.rows.toSorted((a, b) => compare(a[at], b[at], turn));
    const focused = this.body.contains(document.activeElement)
      ? document.activeElement.getAttribute("aria-label")
      : null;
    this.body.replaceChildren(...rows.map((cells) => this.row(cells)));
    if (focused) {
      this.body.querySelector(`[aria-label="${focused}"]`)?.focus();
    }
  }

  row(cells) {
    const [run] = cells;
    const line = h(
      "tr",
      {},
      cells.map((cell) => h("td", { text: written(cell) })),
      h(
        "td",
        {},
        run === NOW ? null : this.buttons(run),
      ),
    );
    if (run !== NOW) {
      line.addEventListener("click", ({ target }) => {
        if (!target.closest("button") && getSelection().isCollapsed) {
          this.act("restore", run);
        }
      });
      line.title = `Click to restore run ${run}`;
    }
    return line;
  }

  buttons(run) {
    return [
      button(`Restore run ${run}`, () => this.act("restore", run), { text: "Restore" }),
      button(`Forget run ${run}`, () => this.act("forget", run), {
        sign: "close",
        text: "",
      }),
    ];
  }
}
