/* Elements in one call, and other DOM helpers for all parts of the page. */

/* h("button", { class: "x", text: "Learn", on: { click } }, child, …): `on` holds
 * listeners, `data` the dataset, `text` and `html` the content; a name with a dash, and
 * `role`, `for`, `class`, `popover` are attributes, all others properties. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    set(element, name, value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

const ATTRIBUTES = new Set(["role", "for", "class", "popover"]);

function set(element, name, value) {
  if (value === undefined || value === null) {
    return;
  }
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) {
      element.addEventListener(event, listener);
    }
  } else if (name === "data") {
    Object.assign(element.dataset, value);
  } else if (name === "text") {
    element.textContent = value;
  } else if (name === "html") {
    element.innerHTML = value;
  } else if (name.includes("-") || ATTRIBUTES.has(name)) {
    element.setAttribute(name, value);
  } else {
    element[name] = value;
  }
}

export const unique = () => crypto.getRandomValues(new Uint32Array(2)).join("-");

const ICONS = {
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5m5 5H10a6 6 0 0 0 0 12h3",
  share:
    "M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1m1 5a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1",
  export: "M12 3v12m-5-5 5 5 5-5M4 20h16",
  code: "m8 7-5 5 5 5m8-10 5 5-5 5",
  theme: "M12 3a9 9 0 1 0 0 18zm0 0a9 9 0 0 1 0 18",
  help: "M9 9a3 3 0 1 1 4 3c-1 .6-1 1-1 2m0 4v.01",
  full: "M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  run: "M7 4v16l13-8z",
  pause: "M8 5v14M16 5v14",
  step: "M6 5v14l10-7zM19 5v14",
  reset: "M4 4v6h6M4.5 10a8 8 0 1 1-.5 4",
  freeze: "M12 2v20M4 7l16 10M20 7 4 17",
  lock: "M6 11h12v9H6zm2 0V8a4 4 0 0 1 8 0v3",
  home: "M3 11 12 4l9 7M6 9v11h12V9m-8 11v-6h4v6",
  door: "M10 4H5v16h5m3-4 4-4-4-4m4 4H9",
  close: "m6 6 12 12M18 6 6 18",
};

/* A line icon in one color; a text always accompanies or labels it. */
export function icon(name) {
  const holder = h("span", { class: "laf-icon", "aria-hidden": "true" });
  const dots = name === "more" ? ' stroke-width="3"' : "";
  holder.innerHTML = `<svg viewBox="0 0 24 24"><path d="${ICONS[name]}"${dots}/></svg>`;
  return holder;
}

/* A button with an icon, its text, or both; its name is `label`. */
export function button(label, click, { sign, text = label, ...more } = {}) {
  const parts = [sign ? icon(sign) : null, text ? h("span", { text }) : null];
  const props = { type: "button", title: label, "aria-label": label, ...more };
  return h("button", { ...props, on: { click } }, parts);
}

/* The sign of the project. */
export function logo() {
  const box = h("span", { class: "laf-logo", "aria-hidden": "true" });
  box.innerHTML =
    '<svg viewBox="0 0 24 24"><path d="M2 20 12 3l10 17z"/><circle cx="12" cy="14" r="2.6"/></svg>';
  return box;
}

/* Replaces the text only if it differs, so as not to disturb screen readers. */
export function write(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
