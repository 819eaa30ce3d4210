/* Controls whose values are drawn in the pictures: a brush, and picked prototypes. */

import { button, h } from "./dom.js";
import { PAINT, PICK, PROBE } from "./hand.js";

const KINDS = [
  ["ground truth", "truth", false],
  ["image", "picture", false],
  ["erase truth", "truth", true],
  ["erase image", "picture", true],
];

const many = (count, what) =>
  count === 0 ? `no ${what}s` : `${count} ${what}${count > 1 ? "s" : ""}`;

/* A switch that takes the hand for a mode, and gives it back. */
function grip(label, text, mode, hand) {
  const el = button(label, () => hand.take(hand.mode === mode ? PROBE : mode), {
    text,
    class: "laf-grip",
    "aria-pressed": "false",
  });
  hand.watch(() => el.setAttribute("aria-pressed", String(hand.mode === mode)));
  return el;
}

function numberField(label, { low, high, value, hear }) {
  const box = h("input", {
    type: "number",
    min: low,
    max: high,
    step: 1,
    value,
    class: "laf-field",
    "aria-label": label,
  });
  let now = value;
  box.addEventListener("change", () => {
    const wanted = Number(box.value);
    const whole = /^\d+$/.test(box.value) && wanted >= low && wanted <= high;
    now = whole ? wanted : now;
    box.value = String(now);
    hear(
      whole ? wanted : null,
      `${label} must be a whole number from ${low} to ${high}; it stays ${now}`,
    );
  });
  return box;
}

/* The parts of a brush: what it paints, its label and size; a stroke at the pixel for
 * keyboards; one stroke less, and none. */
export function strokesParts(declared, wish, complain, { hand, pixel }) {
  let count = 0;
  let paints = { label: 0, erase: false };
  const brush = () =>
    hand.load({ label: paints.erase ? null : paints.label });
  const kind = h(
    "select",
    { class: "laf-select", "aria-label": "what the brush paints" },
    KINDS.map(([text]) => h("option", { text })),
  );
  kind.addEventListener("change", () => {
    const [, on, erase] = KINDS[kind.selectedIndex];
    paints = { ...paints, erase };
    label.disabled = erase;
    hand.load({ on });
    brush();
  });
  const take = (change) => (value, cure) => {
    complain(value === null ? cure : "");
    if (value !== null) {
      change(value);
    }
  };
  const label = numberField("label", {
    low: 0,
    high: declared.most_label,
    value: 0,
    hear: take((value) => {
      paints = { ...paints, label: value };
      brush();
    }),
  });
  const size = numberField("brush size in pixels", {
    low: 1,
    high: declared.most_size,
    value: declared.size,
    hear: take((value) => hand.load({ size: value })),
  });
  hand.load({ size: declared.size });
  const on = grip("paint in the pictures; Escape ends it", "Paint", PAINT, hand);
  const here = button("paint at the chosen pixel", () =>
    wish({ add: { ...hand.brush, points: [pixel()] } }, true), { text: "At pixel" });
  const back = button("take the last stroke back", () => wish({ drop: true }, true), {
    text: "− 1",
  });
  const none = button("remove all strokes", () => wish({ clear: true }, true), {
    text: "Clear",
  });
  const shown = h("small", { class: "laf-file" });
  const body = h(
    "div",
    { class: "laf-edits" },
    h("div", {}, kind, shown),
    h("div", {}, h("small", { text: "label" }), label, h("small", { text: "size" }), size),
    h("div", {}, on, here, back, none),
  );
  const fields = [kind, label, size, on, here];
  let locked = false;
  const draw = () => {
    shown.textContent = many(count, "stroke");
    for (const one of fields) {
      one.disabled = locked;
    }
    label.disabled = locked || paints.erase;
    back.disabled = none.disabled = locked || count === 0;
  };
  const show = (value) => {
    count = value.length;
    draw();
  };
  const lock = (on_) => {
    locked = on_;
    draw();
  };
  return { head: h("span"), body, target: on, inputs: [label, size], show, lock };
}

/* The parts of picked prototypes: their pixels, and how to pick more or fewer. */
export function picksParts(wish, { hand, pixel }) {
  let count = 0;
  let locked = false;
  const shown = h("small", { class: "laf-file" });
  const on = grip("pick in the pictures; Escape ends it", "Pick", PICK, hand);
  const here = button("pick the chosen pixel", () => wish({ add: pixel() }, true), {
    text: "At pixel",
  });
  const back = button("take the last prototype back", () => wish({ drop: true }, true), {
    text: "− 1",
  });
  const none = button("use the prototypes of the scene", () =>
    wish({ clear: true }, true), { text: "Clear" });
  const body = h(
    "div",
    { class: "laf-edits" },
    h("div", {}, on, here, back, none),
    h("div", {}, shown),
  );
  const draw = () => {
    on.disabled = here.disabled = locked;
    back.disabled = none.disabled = locked || count === 0;
  };
  const show = (value) => {
    count = value.length;
    const places = value.map(([row, col]) => `(${row}, ${col})`).join(" ");
    shown.textContent = count ? places : "those of the scene";
    shown.title = places;
    draw();
  };
  const lock = (on_) => {
    locked = on_;
    draw();
  };
  return { head: h("span"), body, target: on, inputs: [on], show, lock };
}
