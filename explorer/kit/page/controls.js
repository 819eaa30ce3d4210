/* Controls of the rail: a label, an input of its kind, and room for a message. */

import { button, h, icon, unique, write } from "./dom.js";
import { picksParts, strokesParts } from "./edits.js";
import { numberParts } from "./number.js";
import { imageParts } from "./upload.js";

/* The parts of a list; its values may be words, numbers or any JSON values. */
function pickParts(declared, wish) {
  const options = [...declared.options];
  const select = h("select", { class: "laf-select" });
  const add = ({ value, label }) =>
    select.append(h("option", { text: label ?? String(value) }));
  options.forEach(add);
  const find = (value) => {
    const wanted = JSON.stringify(value);
    return options.findIndex((option) => JSON.stringify(option.value) === wanted);
  };
  select.addEventListener("change", () =>
    wish(options[select.selectedIndex].value, true),
  );
  const show = (value) => {
    if (find(value) < 0) {
      options.push({ value });
      add({ value });
    }
    select.selectedIndex = find(value);
  };
  const lock = (locked) => {
    select.disabled = locked;
  };
  return { head: select, body: null, target: select, inputs: [select], show, lock };
}

/* The elements of inner controls; rarely used ones fold away. */
function folded(controls, made) {
  const rare = made.filter((_, k) => controls[k].rare).map((m) => m.el);
  const often = made.filter((_, k) => !controls[k].rare).map((m) => m.el);
  if (rare.length === 0) {
    return often;
  }
  return [...often, h("details", {}, h("summary", { text: "more" }), rare)];
}

/* A record of the library: a list of kinds, and below it the fields of the chosen kind.
 * The other kinds keep their values until they are chosen again. */
function choiceParts(declared, wish, context) {
  const kept = {}; // kind → its last values
  let kind = null;
  const send = (final) => wish({ [kind]: kept[kind] ?? {} }, final);
  const inner = new Map();
  for (const { value, controls = [] } of declared.options) {
    kept[value] = Object.fromEntries(
      controls.filter((c) => c.default !== undefined).map((c) => [c.name, c.default]),
    );
    const made = controls.map((field) =>
      control(field, {
        ...context,
        wish: (name, chosen, final) => {
          kept[value] = { ...kept[value], [name]: chosen };
          wish({ [value]: { [name]: chosen } }, final); // the kernel knows the others
        },
      }),
    );
    inner.set(value, {
      made,
      box: h(
        "div",
        { class: "laf-inner" },
        folded(controls, made),
      ),
    });
  }
  const choose = (chosen) => {
    kind = chosen;
    for (const [name, { box }] of inner) {
      box.hidden = name !== kind || box.childElementCount === 0;
    }
  };
  const list = pickParts(declared, (chosen) => {
    choose(chosen);
    send(true);
  });
  const show = (value) => {
    const [name, fields] = Object.entries(value)[0];
    list.show(name);
    choose(name);
    kept[name] = { ...fields };
    for (const { name: field, show: showField } of inner.get(name)?.made ?? []) {
      if (field in fields) {
        showField(fields[field]);
      }
    }
  };
  const lock = (locked) => {
    list.lock(locked);
    for (const field of [...inner.values()].flatMap(({ made }) => made)) {
      field.lock(locked);
    }
  };
  const complain = (complaints, held) => {
    for (const field of [...inner.values()].flatMap(({ made }) => made)) {
      field.complain(
        { [field.name]: complaints[`${declared.name}.${field.name}`] },
        held,
      );
    }
  };
  const body = h(
    "div",
    {},
    [...inner.values()].map(({ box }) => box),
  );
  return { ...list, body, show, lock, complain };
}

/* A pixel: its row and column. */
function pixelParts(name, wish, complain) {
  let now = [0, 0];
  const boxes = ["row", "column"].map((what, k) => {
    const box = h("input", {
      type: "number",
      step: 1,
      min: 0,
      class: "laf-field",
      "aria-label": `${name}, ${what}`,
    });
    box.addEventListener("change", () => {
      if (!/^\d+$/.test(box.value)) {
        complain(`the ${what} must be a whole number; it stays ${now[k]}`);
      } else if (Number(box.value) !== now[k]) {
        now = now.with(k, Number(box.value));
        complain("");
        wish(now, true);
      }
    });
    return box;
  });
  const show = (value) => {
    const typing = boxes.map(
      (box, k) => box === document.activeElement && box.value !== String(now[k]),
    );
    now = value;
    boxes.forEach((box, k) => {
      if (!typing[k]) {
        box.value = String(value[k]);
      }
    });
  };
  const lock = (locked) => {
    for (const box of boxes) {
      box.disabled = locked;
    }
  };
  const head = h("span", { class: "laf-value" }, boxes);
  return { head, body: null, target: boxes[0], inputs: boxes, show, lock };
}

function flagParts(wish) {
  const box = h("input", { type: "checkbox", class: "laf-flag" });
  box.addEventListener("change", () => wish(box.checked, true));
  const show = (value) => {
    box.checked = value;
  };
  const lock = (locked) => {
    box.disabled = locked;
  };
  return { head: box, body: null, target: box, inputs: [box], show, lock };
}

function partsOf(declared, name, wish, complain, context) {
  switch (declared.kind) {
    case "pick":
      return pickParts(declared, wish);
    case "choice":
      return choiceParts(declared, wish, context);
    case "pixel":
      return pixelParts(name, wish, complain);
    case "image":
      return imageParts(declared, name, complain, context);
    case "strokes":
      return strokesParts(declared, wish, complain, context);
    case "picks":
      return picksParts(wish, context);
    case "flag":
      return flagParts(wish);
    default:
      return numberParts(
        declared,
        name,
        wish,
        complain,
        () => !context.wishes.held(declared.name),
      );
  }
}

/* Returns a control: its element, and how it shows a value, a complaint, a lock.
 *
 * A complaint of the page (about invalid input) stays until the next value; a complaint
 * of the kernel stays until the kernel removes it. */
export function control(declared, context) {
  const { wish, explain } = context;
  const name = [declared.label ?? declared.name, declared.symbol]
    .filter(Boolean)
    .join(" ");
  const said = { own: "", kernel: "" };
  const complaint = h("p", { class: "laf-complaint", id: unique(), hidden: true });
  let parts = null;
  let last = null; // value shown, as JSON
  const mark = () => {
    const text = said.own || said.kernel;
    write(complaint, text);
    complaint.hidden = !text;
    for (const input of parts?.inputs ?? []) {
      input.setAttribute("aria-invalid", text ? "true" : "false");
    }
  };
  const complainHere = (text) => {
    said.own = text;
    mark();
  };
  parts = partsOf(
    declared,
    name,
    (value, final) => wish(declared.name, value, final),
    complainHere,
    context,
  );
  parts.target.id = unique();
  for (const input of parts.inputs) {
    input.setAttribute("aria-describedby", complaint.id);
  }
  const symbol = declared.symbol ? h("em", { text: declared.symbol }) : null;
  const text = h(
    "label",
    {
      for: parts.target.id,
      title: [name, declared.meaning].filter(Boolean).join(": "),
    },
    [h("span", { text: declared.label ?? declared.name }), symbol],
  );
  const what = button(`about ${name}`, () => explain(what, declared, name), {
    text: "?",
    class: "laf-what",
    title: declared.meaning,
  });
  const locked = h(
    "span",
    { class: "laf-locked", title: "fixed here", hidden: true },
    icon("lock"),
  );
  const el = h(
    "div",
    { class: `laf-knob laf-kind-${declared.kind}`, data: { name: declared.name } },
    h("div", { class: "laf-head" }, text, locked, what, parts.head),
    parts.body,
    complaint,
  );
  mark();
  return {
    name: declared.name,
    el,
    show: (value) => {
      const key = JSON.stringify(value);
      if (key !== last) {
        last = key;
        said.own = "";
        mark();
      }
      parts.show(value);
    },
    /* takes the kernel's complaints by name; those of inner controls are "owner.name" */
    complain: (complaints, held) => {
      said.kernel = complaints[declared.name] ?? "";
      if (said.kernel && !held) {
        parts.refuse?.();
      }
      parts.complain?.(complaints, held);
      mark();
    },
    lock: (on) => {
      locked.hidden = !on;
      parts.lock(on);
    },
  };
}
