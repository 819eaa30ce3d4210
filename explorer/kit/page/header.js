/* The bar at the top: title, status light, and actions on the whole page. */

import { addressOf } from "./address.js";
import { button, h, logo, write } from "./dom.js";
import { Dialog, menu } from "./popups.js";
import { copy } from "./save.js";

const PATIENCE = 400; // ms of computing before screen readers announce it

/* The status light: every wish turns it on, the kernel turns it off. */
export class Light {
  constructor(announce) {
    this.announce = announce;
    this.text = h("span", { text: "starting …" });
    this.el = h(
      "span",
      { class: "laf-light", data: { state: "busy" } },
      h("i"),
      this.text,
    );
    this.timer = null;
    this.said = false;
  }

  show({ state, text, remaining }) {
    const shown = [text || state, remaining].filter(Boolean).join(" · ");
    write(this.text, shown);
    this.el.title = shown;
    this.el.dataset.state = state;
    if (state === "busy") {
      this.timer ??= setTimeout(() => {
        this.said = true;
        this.announce(this.text.textContent);
      }, PATIENCE);
      return;
    }
    clearTimeout(this.timer);
    this.timer = null;
    if (this.said || state === "error") {
      this.said = false;
      this.announce(text || state);
    }
  }

  close() {
    clearTimeout(this.timer);
  }
}

/* The link to the present state, or a line of Python where an address cannot hold it. */
function shareDialog(call, announce) {
  const field = h("input", {
    type: "text",
    readOnly: true,
    "aria-label": "link",
    class: "laf-link",
  });
  const said = h("p", { class: "laf-said" });
  const dialog = new Dialog("Share link", h("div", {}, said, field));
  return {
    el: dialog.el,
    async show(link, mine) {
      field.value = mine ? addressOf(link) : `${call}(link="${link}")`;
      const copied = await copy(field.value);
      const where = mine
        ? "The link opens this state."
        : "Run it in a cell: it opens this state.";
      said.textContent = `${copied ? "Copied." : "Copy it from here."} ${where}`;
      announce(said.textContent);
      dialog.open();
      field.focus();
      field.select();
    },
  };
}

function codeDialog(act, announce) {
  const text = h("pre", {
    class: "laf-code",
    tabIndex: 0,
    "aria-label": "Python code",
  });
  const copying = button("Copy", async () => {
    const done = await copy(text.textContent);
    announce(done ? "copied" : "select the text and copy it");
    getSelection().selectAllChildren(text);
  });
  const dialog = new Dialog("Code that gives the same numbers", text, [copying], () =>
    act(false),
  );
  return {
    el: dialog.el,
    open() {
      act(true);
      dialog.open();
    },
    show: (code) => write(text, code),
  };
}

const KEYS = [
  ["← → ↑ ↓", "move a slider by one increment; the opposite key reverts it exactly"],
  ["Page up, page down", "move a slider by ten increments"],
  ["Home, End", "move a slider to its ends"],
  ["Ctrl-Z, Ctrl-Shift-Z", "undo and redo"],
  ["arrow keys on a picture", "move the pixel; by ten with Shift"],
  ["Enter on a picture", "paint or pick at the pixel, if “Paint” or “Pick” is on"],
  ["Escape", "close a menu, leave full screen"],
];

function helpDialog({ title, question, groups = [], views = [] }) {
  const pairs = (entries) =>
    h(
      "dl",
      {},
      entries.flatMap(([a, b]) => [h("dt", { text: a }), h("dd", { text: b })]),
    );
  const controls = groups.flatMap((group) => group.controls);
  const named = ({ label, name, symbol, meaning = "" }) => [
    [label ?? name, symbol].filter(Boolean).join(" "),
    meaning,
  ];
  const body = h(
    "div",
    { class: "laf-help", tabIndex: 0, role: "region", "aria-label": "help" },
    h("p", { text: question }),
    h("h3", { text: "Views" }),
    pairs(views.map((view) => [view.title, view.about ?? ""])),
    h("h3", { text: "Controls" }),
    pairs(controls.map(named)),
    h("h3", { text: "Keys" }),
    pairs(KEYS),
  );
  return new Dialog(title, body);
}

/* Returns the bar: its element and its changing parts. */
export function header(
  declared,
  { act, announce, flipTheme, fullScreen, link, leave, hand },
) {
  const light = new Light(announce);
  const share = shareDialog(declared.call, announce);
  const code = codeDialog((open) => act("code", open), announce);
  const help = helpDialog(declared);
  const undo = button("Undo", () => act("undo"), {
    sign: "undo",
    disabled: true,
    data: { kernel: "" },
  });
  const redo = button("Redo", () => act("redo"), {
    sign: "redo",
    disabled: true,
    data: { kernel: "" },
  });
  const exports = button("Export", () => {}, { sign: "export", data: { kernel: "" } });
  const saved = declared.exports ?? [];
  const list = menu(
    exports,
    saved.map(({ kind, label }) => ({
      label,
      act: () => act("export", { kind, view: null }),
    })),
  );
  exports.hidden = saved.length === 0;
  const others = button("Open in", () => {}, {
    sign: "door",
    title: "open another explorer with these settings and weights",
    data: { kernel: "" },
  });
  const doors = (declared.home ?? []).map(({ name, title }) => ({
    label: title,
    act: () => hand(name),
  }));
  others.hidden = doors.length === 0;
  const onward = menu(others, doors);
  const nav = h(
    "div",
    { class: "laf-nav", role: "toolbar", "aria-label": "dashboard" },
    light.el,
    undo,
    redo,
    others,
    button("Share link", () => share.show(...link()), { sign: "share" }),
    exports,
    button("Code", () => code.open(), { sign: "code" }),
    button("Light or dark", flipTheme, { sign: "theme", text: "" }),
    button("Full screen", fullScreen, { sign: "full", text: "" }),
    button("Help", () => help.open(), { sign: "help", text: "" }),
  );
  const title = h("h1", { text: declared.title });
  const question = h("p", {
    text: declared.question ?? "",
    title: declared.question ?? "",
  });
  const sign = declared.home
    ? button("Home", leave, { sign: "home", text: "", title: "all explorers" })
    : logo();
  const brand = h("div", { class: "laf-brand" }, sign, h("div", {}, title, question));
  const el = h(
    "header",
    { class: "laf-bar" },
    brand,
    nav,
    list,
    onward,
    share.el,
    code.el,
    help.el,
  );
  return { el, light, undo, redo, code };
}

