/* The controls in their groups, and the one that a phone shows first. */

import { control } from "./controls.js";
import { h } from "./dom.js";

/* Explains a control: its meaning, its formula, its range. */
function explain(explanation, anchor, declared, name) {
  const { low, high, unit, log } = declared;
  const known = low !== undefined && low !== null;
  const range = known
    ? `Slider: ${low} … ${high}${unit ? ` ${unit}` : ""}${log ? ", logarithmic" : ""}; the field takes any admissible value.`
    : "";
  explanation.show(
    anchor,
    h("b", { text: name }),
    h("p", { text: declared.meaning ?? "" }),
    declared.help ? h("div", { class: "laf-formula", html: declared.help }) : null,
    range ? h("small", { text: range }) : null,
  );
}

export class Rail {
  constructor(declared, wishes, explanation, hand) {
    this.wishes = wishes;
    this.values = {};
    const context = {
      wishes,
      wish: (name, value, final) => wishes.set(name, value, final),
      explain: (...of) => explain(explanation, ...of),
      hand,
      pixel: () => this.values.pixel ?? [0, 0],
    };
    this.controls = new Map();
    this.groups = (declared.groups ?? []).map(({ name, folded, controls }) => {
      const made = controls.map((one) => control(one, context));
      for (const one of made) {
        this.controls.set(one.name, one);
      }
      const el = h(
        "details",
        { class: "laf-group", open: !folded },
        h("summary", { text: name }),
        h(
          "div",
          {},
          made.map(({ el: knob }) => knob),
        ),
      );
      return { el, made };
    });
    if (declared.steps) {
      const wish = (_, value) => {
        this.steps.now = value;
      };
      this.steps = control(declared.steps, { ...context, wish });
      this.steps.now = declared.steps.default;
      this.steps.show(declared.steps.default);
    }
    this.costs = h("div", { class: "laf-costs" });
    this.costsGroup = h(
      "details",
      { class: "laf-group", hidden: true },
      h("summary", { text: "Time and memory" }),
      this.costs,
    );
    this.all = h(
      "details",
      { class: "laf-all", open: true },
      h("summary", { text: "All controls" }),
      this.groups.map(({ el }) => el),
      this.costsGroup,
    );
    this.el = h("aside", { class: "laf-rail", "aria-label": "controls" }, this.all);
    this.slot = h("div", { class: "laf-slot" });
    this.main = this.controls.get(declared.main);
    this.home = this.main ? h("div", { hidden: true }) : null; // marks its place
    this.main?.el.before(this.home);
  }

  /* On a narrow page the main control stands at the top, and the others fold away. */
  narrow(on) {
    this.all.open = !on;
    if (this.main) {
      if (on) {
        this.slot.append(this.main.el);
      } else {
        this.home.after(this.main.el);
      }
    }
  }

  /* Shows changed values; a control that the user is moving stays where it is. */
  show({ values, complaints, hidden, locked, stages }) {
    this.values = values ?? this.values; // one heard now may have been held before
    for (const [name, one] of this.controls) {
      const held = this.wishes.held(name);
      if (complaints) {
        one.complain(complaints, held);
      }
      if (name in this.values && !held) {
        one.show(this.values[name]);
      }
      if (hidden) {
        one.el.hidden = hidden.includes(name);
      }
      if (locked) {
        one.lock(locked.includes(name));
      }
    }
    if (hidden) {
      for (const { el, made } of this.groups) {
        el.hidden = made.every((one) => one.el.hidden);
      }
    }
    if (stages) {
      this.showCosts(stages);
    }
  }

  /* Shows time and memory of each stage, given as [name, seconds, MB]. */
  showCosts(stages) {
    this.costsGroup.hidden = stages.length === 0;
    const most = Math.max(...stages.map(([, seconds]) => seconds), 1e-9);
    const rows = stages.map(([name, seconds, memory]) => {
      const bar = h("i");
      bar.style.setProperty("--share", seconds / most);
      const time =
        seconds < 1
          ? `${Math.round(seconds * 1000)} ms`
          : `${seconds.toPrecision(3)} s`;
      return h(
        "tr",
        {},
        h("th", { text: name, scope: "row" }, bar),
        h("td", { text: time }),
        h("td", { text: `${memory < 10 ? memory.toFixed(1) : Math.round(memory)} MB` }),
      );
    });
    this.costs.replaceChildren(h("table", {}, rows));
  }
}
