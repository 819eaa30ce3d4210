/* Light or dark theme: follows the surroundings unless the switch overrides it.
 *
 * JupyterLab sets the theme at the body; elsewhere the system decides. Bokeh's models
 * copy colors from the page's variables, so a change of theme must set them again.
 */

const STORE = "laf-theme";
const FLIPPED = "laf-theme-flipped"; // tells the other dashboards on the page

function stored() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null; // the browser may deny storage
  }
}

function store(theme) {
  try {
    if (theme) {
      localStorage.setItem(STORE, theme);
    } else {
      localStorage.removeItem(STORE);
    }
  } catch {
    // without storage, the switch holds until the page closes
  }
}

export class Theme {
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.chosen = stored();
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.show = this.show.bind(this);
    this.observer = new MutationObserver(this.show);
    this.observer.observe(document.body, {
      attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"],
    });
    this.system.addEventListener("change", this.show);
    this.heed = ({ detail }) => {
      this.chosen = detail;
      this.show();
    };
    addEventListener(FLIPPED, this.heed);
    this.show();
  }

  /* The theme of the surroundings. Voila always sets "light" at the body. */
  get around() {
    const { jpThemeLight, voila, vscodeThemeKind } = document.body.dataset;
    if (vscodeThemeKind) {
      return vscodeThemeKind.includes("light") ? "light" : "dark";
    }
    if (jpThemeLight !== undefined && voila === undefined) {
      return jpThemeLight === "false" ? "dark" : "light";
    }
    return this.system.matches ? "dark" : "light";
  }

  get now() {
    return this.chosen ?? this.around;
  }

  /* Switches the theme; if it then equals the surroundings, follows them again. */
  flip() {
    const next = this.now === "dark" ? "light" : "dark";
    this.chosen = next === this.around ? null : next;
    store(this.chosen);
    this.show();
    dispatchEvent(new CustomEvent(FLIPPED, { detail: this.chosen }));
  }

  show() {
    if (this.root.dataset.theme !== this.now) {
      this.root.dataset.theme = this.now;
      this.changed(this.now);
    }
  }

  /* Colors the models of a document; a tag "ink", "soft" or "accent" colors a glyph. */
  paint(models) {
    const css = getComputedStyle(this.root);
    const color = (name) => css.getPropertyValue(`--laf-${name}`).trim();
    const colors = Object.fromEntries(
      ["ink", "soft", "line", "accent", "card", "warn"].map((name) => [
        name,
        color(name),
      ]),
    );
    for (const model of models) {
      const values = colorsOf(model, colors);
      if (values) {
        model.setv(values);
      }
    }
  }

  close() {
    this.observer.disconnect();
    removeEventListener(FLIPPED, this.heed);
    this.system.removeEventListener("change", this.show);
  }
}

function colorsOf(model, { ink, soft, line, card, ...marks }) {
  const { type } = model;
  if (type === "Figure") {
    const back = { background_fill_color: null, border_fill_color: null };
    return { ...back, outline_line_color: null };
  }
  if (type === "Title") {
    return { text_color: ink };
  }
  if (/Axis$/.test(type)) {
    return {
      axis_label_text_color: soft,
      major_label_text_color: soft,
      axis_line_color: soft,
      major_tick_line_color: soft,
      minor_tick_line_color: null,
    };
  }
  if (type === "Grid") {
    return { grid_line_color: line };
  }
  if (type === "ColorBar") {
    const text = { major_label_text_color: soft, title_text_color: soft };
    return { background_fill_color: null, ...text };
  }
  if (type === "Legend") {
    return {
      background_fill_color: card,
      border_line_color: line,
      label_text_color: ink,
    };
  }
  const own = { ink, soft, card, line, ...marks };
  const tag = model.tags?.find((name) => typeof name === "string" && name in own);
  return tag ? glyphColors(model, own[tag]) : null;
}

/* Returns all color properties of a glyph that are in use, set to the new color. */
function glyphColors(model, color) {
  const names = ["line_color", "fill_color", "text_color", "border_line_color"];
  const used = (name) => model[name] && model[name].value !== null; // text: no border
  const set = names.filter((name) => name in model.properties && used(name));
  return set.length > 0 ? Object.fromEntries(set.map((name) => [name, color])) : null;
}
