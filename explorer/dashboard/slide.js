/* A slider that never alters what the kernel has set (see slide.py).
 *
 * A range input rounds only what is moved by hand; the number beside it takes any value.
 * A value goes to the kernel when the user changes it, never because it was displayed.
 * On a logarithmic scale the range input holds the logarithm to base 10.
 */

const DIGITS = 12; // of a value set by hand: more would show how 0.1 is stored
const PAGE = 10;
const MOVES = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: PAGE,
  PageDown: -PAGE,
};

const tidy = (value) => Number(value.toPrecision(DIGITS));

function render({ model, el }) {
  el.classList.add("explorer-slide");
  el.dataset.lmSuppressShortcuts = "true"; // keys here are not commands of JupyterLab
  const label = document.createElement("label");
  const range = document.createElement("input");
  const number = document.createElement("input");
  range.type = "range";
  range.step = "any";
  range.id = `explorer-slide-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  number.type = "text";
  number.inputMode = "decimal";
  number.className = "widget-readout";
  label.htmlFor = range.id;
  label.className = "widget-label";
  el.append(label, range, number);

  const log = () => model.get("log");
  const place = (value) => (log() ? Math.log10(value) : value);
  const value = (at) => {
    const [low, high] = [model.get("low"), model.get("high")];
    if (at <= place(low)) {
      return low;
    }
    if (at >= place(high)) {
      return high;
    }
    return tidy(log() ? 10 ** at : at);
  };
  // on the grid of the slider, or one increment away from wherever the value is
  const snap = (at) => {
    const increment = model.get("increment");
    return value(Math.round(at / increment) * increment);
  };

  const show = () => {
    const now = model.get("value");
    range.min = place(model.get("low"));
    range.max = place(model.get("high"));
    range.value = place(now);
    range.disabled = number.disabled = model.get("disabled");
    label.textContent = model.get("description");
    el.title = model.get("tooltip");
    const text = String(Number(now.toPrecision(6)));
    range.setAttribute("aria-valuetext", text);
    number.setAttribute("aria-label", `${model.get("description")}, typed`);
    number.value = text;
  };
  const send = (chosen) => {
    if (chosen !== model.get("value")) {
      model.set("value", chosen);
      model.save_changes();
    }
    show();
  };

  range.addEventListener("input", () => send(snap(range.valueAsNumber)));
  range.addEventListener("keydown", (event) => {
    const steps = MOVES[event.key];
    if (steps !== undefined) {
      event.preventDefault();
      send(value(place(model.get("value")) + steps * model.get("increment")));
    }
  });
  const take = () => {
    const typed = Number(number.value.replace(",", "."));
    if (number.value.trim() && Number.isFinite(typed)) {
      send(typed); // the kernel says what is wrong with one that is out of range
    } else {
      show();
    }
  };
  number.addEventListener("change", take);
  number.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      take();
    }
  });
  const names = ["value", "low", "high", "disabled", "description", "tooltip"];
  const events = names.map((name) => `change:${name}`).join(" ");
  model.on(events, show);
  show();
  return () => model.off(events, show);
}

export default { render };
