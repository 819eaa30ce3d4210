/* Run box, readouts and presets above the pictures. */

import { button, h, write } from "./dom.js";

const FREEZE = { sign: "freeze", title: "keep these curves for comparison" };

/* The buttons learn, step, pause, reset and freeze, and the progress of the run. */
export class RunBox {
  constructor(act, steps) {
    this.act = act;
    this.steps = steps; // control of the number of steps, if there is one
    this.running = false;
    this.learn = button("Learn", () => this.toggle(), {
      sign: "run",
      class: "laf-primary",
    });
    this.step = button("Step", () => act("step"), { sign: "step" });
    this.bar = h("progress", {
      class: "laf-progress",
      max: 1,
      value: 0,
      "aria-label": "progress",
    });
    this.text = h("small");
    this.rest = h("small", { class: "laf-rest" });
    this.el = h(
      "div",
      { class: "laf-run", role: "group", "aria-label": "learning" },
      h(
        "div",
        { class: "laf-buttons" },
        this.learn,
        this.step,
        button("Reset", () => act("reset"), { sign: "reset" }),
        button("Freeze", () => act("freeze"), FREEZE),
        steps?.el ?? null,
      ),
      this.bar,
      h("div", { class: "laf-told" }, this.text, this.rest),
    );
  }

  toggle() {
    if (this.running) {
      this.act("pause");
    } else {
      this.act("run", this.steps?.now ?? null);
    }
  }

  show({ running, step }) {
    if (step !== undefined) {
      write(this.text, step);
    }
    if (running !== undefined && running !== this.running) {
      this.running = running;
      const fresh = button(running ? "Pause" : "Learn", () => this.toggle(), {
        sign: running ? "pause" : "run",
        class: "laf-primary",
      });
      const focused = document.activeElement === this.learn;
      this.learn.replaceWith(fresh);
      this.learn = fresh;
      this.step.disabled = running;
      if (focused) {
        fresh.focus();
      }
    }
  }

  light({ share, remaining }) {
    this.bar.value = share ?? (this.running ? this.bar.value : 0);
    write(this.rest, remaining ?? "");
  }
}

/* The present numbers in large type. */
export class Readouts {
  constructor() {
    this.el = h("dl", { class: "laf-readouts" });
  }

  show(readouts) {
    if (this.el.childElementCount !== readouts.length) {
      const cell = () =>
        h(
          "div",
          { class: "laf-kpi" },
          h("dt"),
          h("dd", { class: "laf-big" }),
          h("dd", { class: "laf-note" }),
        );
      this.el.replaceChildren(...readouts.map(cell));
    }
    readouts.forEach(({ label, value, note, warn }, k) => {
      const cell = this.el.children[k];
      const [name, number, more] = cell.children;
      write(name, label);
      write(number, value);
      cell.title = [label, value, note].filter(Boolean).join(" · ");
      write(more, note ?? "");
      cell.classList.toggle("laf-warn", Boolean(warn));
    });
  }
}

/* Presets; a dashboard without a stepper has its button "Freeze" here. */
export function presets(declared, act) {
  const chips = (declared.presets ?? []).map(({ name, text }) =>
    button(name, () => act("preset", name), {
      class: "laf-chip",
      title: text || name,
    }),
  );
  const word = chips.length > 0 ? h("span", { text: "Try" }) : null;
  const props = { class: "laf-presets", role: "group", "aria-label": "try" };
  const line = h("div", props, word, chips);
  if (!declared.stepper) {
    line.append(
      button("Freeze", () => act("freeze"), { class: "laf-chip", ...FREEZE }),
    );
  }
  return line;
}
