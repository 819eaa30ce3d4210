/* A number: a slider for quick changes, and a field that holds the exact value.
 *
 * The slider rounds only values that the user drags; the field takes any value. On a
 * logarithmic scale the slider holds the logarithm to base 10.
 */

import { h, write } from "./dom.js";
import { player } from "./play.js";

const DIGITS = 12; // of a dragged value: more would show how 0.1 is stored
const PAGE = 10;
const MOVES = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: PAGE,
  PageDown: -PAGE,
};
const IN_FIELD = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown"]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const tidy = (value) => Number(value.toPrecision(DIGITS));
const short = (value) => String(Number(value.toPrecision(3)));

/* The scale of a slider: its ends, and the values between them. */
class Scale {
  constructor({ low, high, increment = 1, log = false, integer = false }) {
    Object.assign(this, { low, high, increment, log, integer });
  }

  place(value) {
    if (this.log) {
      return Math.log10(value > 0 ? value : this.low);
    }
    return value;
  }

  /* Extends the scale to include a value; a logarithmic scale has no zero. */
  widen(value) {
    if (!this.log || value > 0) {
      this.low = Math.min(this.low, value);
      this.high = Math.max(this.high, value);
    }
  }

  value(at) {
    if (at <= this.place(this.low)) {
      return this.low;
    }
    if (at >= this.place(this.high)) {
      return this.high;
    }
    const value = this.log ? 10 ** at : at;
    return this.integer ? Math.round(value) : tidy(value);
  }

  /* The value on the grid of the slider that is nearest to a place. */
  snap(at) {
    if (this.integer && this.log) {
      return this.value(at);
    }
    return this.value(Math.round(at / this.increment) * this.increment);
  }

  /* The value some increments away; integers change by at least one. */
  moved(value, steps) {
    const next = this.value(this.place(value) + steps * this.increment);
    if (this.integer && next === value) {
      const by = value + Math.sign(steps);
      return Math.min(this.high, Math.max(this.low, by));
    }
    return next;
  }
}

/* Opposite keys restore the exact previous value, even if it is off the grid. */
class Trail {
  constructor() {
    this.steps = [];
  }

  move(scale, now, steps) {
    const last = this.steps.at(-1);
    if (last?.to !== now) {
      this.steps = [];
    } else if (last.steps === -steps) {
      this.steps.pop();
      return last.from;
    }
    const next = scale.moved(now, steps);
    if (next !== now) {
      this.steps.push({ from: now, to: next, steps });
    }
    return next;
  }
}

/* Returns the parts of a number: `head` (the field) and `body` (the slider, if any).
 * `answered` says whether the kernel has answered the last wish. */
export function numberParts(declared, name, wish, complain, answered) {
  const scale = new Scale(declared);
  const slides = declared.low !== undefined && declared.low !== null;
  const trail = new Trail();
  let now = null; // the value that the user or the kernel chose last
  let accepted = null; // the value that the kernel accepted last
  let dragged = false; // whether a pointer is dragging the slider
  let kept = false; // whether a rejected text stays until a value comes
  const field = h("input", {
    type: "text",
    inputMode: "decimal",
    autocomplete: "off",
    spellcheck: false,
    class: "laf-field",
    "aria-label": slides ? `${name}, typed` : name,
  });
  const range = h("input", { type: "range", step: "any", class: "laf-range" });
  const low = h("small");
  const high = h("small");

  const text = () => (now === null ? "" : String(now));
  const drawField = () => {
    kept = false;
    field.value = text();
    field.title = text();
  };
  const drawRange = () => {
    if (!slides || typeof now !== "number") {
      return;
    }
    const [from, to] = [scale.place(scale.low), scale.place(scale.high)];
    range.min = from;
    range.max = to;
    range.value = scale.place(now);
    const share = (scale.place(now) - from) / (to - from || 1);
    range.style.setProperty("--p", Math.min(1, Math.max(0, share)));
    const unit = declared.unit ? ` ${declared.unit}` : "";
    range.setAttribute("aria-valuetext", text() + unit);
    write(low, short(scale.low));
    write(high, short(scale.high));
  };
  const choose = (value, final) => {
    if (value !== now) {
      now = value;
      wish(value, final);
    }
    drawRange();
    drawField();
    complain("");
  };
  const play = declared.plays
    ? player(name, {
        advance: (begins) => {
          const atEnd = now >= scale.high;
          if (atEnd && !begins) {
            return false;
          }
          choose(atEnd ? scale.low : scale.moved(now, 1), false);
          return true;
        },
        answered,
        stopped: () => wish(now, true),
      })
    : null;
  const onKey = (event) => {
    play?.stop();
    const { key } = event;
    const inField = event.target === field;
    if (inField && key === "Enter") {
      take();
    } else if (inField && key === "Escape" && edited()) {
      event.stopPropagation();
      drawField();
      complain("");
    } else if (
      typeof now === "number" &&
      MOVES[key] &&
      (!inField || (slides && IN_FIELD.has(key)))
    ) {
      event.preventDefault();
      choose(trail.move(scale, now, MOVES[key]), true);
    } else if (!inField && (key === "Home" || key === "End")) {
      event.preventDefault();
      choose(key === "Home" ? scale.low : scale.high, true);
    }
  };
  const edited = () => field.value !== text();
  const take = () => {
    if (!edited()) {
      return;
    }
    const typed = field.value.trim().replace(",", ".");
    if ((declared.words ?? []).includes(typed)) {
      choose(typed, true);
    } else if (NUMBER.test(typed)) {
      choose(Number(typed), true); // the kernel says what is wrong with it, if anything
    } else {
      kept = true;
      const what = typed ? `“${typed}” is not a number` : "a number is missing";
      complain(`${what}; ${name} stays ${now}`);
    }
  };
  const release = () => {
    if (dragged) {
      dragged = false;
      wish(now, true);
    }
  };
  range.addEventListener("input", () => {
    play?.stop();
    dragged = true;
    choose(scale.snap(range.valueAsNumber), false);
  });
  for (const event of ["change", "pointerup", "pointercancel", "blur"]) {
    range.addEventListener(event, release);
  }
  range.addEventListener("keydown", onKey);
  field.addEventListener("keydown", onKey);
  field.addEventListener("change", take);
  field.addEventListener("focus", () => field.select());

  const show = (value) => {
    const typing = document.activeElement === field && edited();
    const fresh = value !== accepted;
    accepted = value;
    if (dragged) {
      return;
    }
    if (value !== now) {
      play?.halt(); // undo, a preset, or a value that the kernel has rejected
    }
    now = value;
    if (typeof value === "number") {
      scale.widen(value);
    }
    drawRange();
    if (!typing && (fresh || !kept)) {
      drawField();
    }
  };
  /* The kernel rejected the value: the text stays for correction, the slider returns. */
  const refuse = () => {
    if (!dragged && accepted !== null && now !== accepted) {
      kept = true;
      now = accepted;
      drawRange();
    }
  };
  const lock = (locked) => {
    range.disabled = field.disabled = locked;
    if (play) {
      play.el.disabled = locked;
    }
    if (locked) {
      play?.halt();
    }
  };
  const unit = declared.unit
    ? h("span", { class: "laf-unit", text: declared.unit })
    : null;
  const head = h("span", { class: "laf-value" }, field, unit);
  const track = h("div", { class: "laf-track" }, low, range, high);
  const body = play ? h("div", { class: "laf-player" }, play.el, track) : track;
  return {
    head,
    body: slides ? body : null,
    target: slides ? range : field,
    inputs: [range, field],
    show,
    lock,
    refuse,
  };
}
