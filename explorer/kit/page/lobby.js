/* The tiles and presets of the home page. */

import { hashOf } from "./address.js";
import { button, h, logo, write } from "./dom.js";

const TITLE = "Assignment flow explorer";
const QUESTION = "See and steer how a noisy picture is labeled, and how labeling is learned.";

/* A link where the page owns the address (it opens in another tab, too), else a button. */
function entry({ mine, open }, { name, preset = "" }, props, ...children) {
  if (!mine) {
    const click = () => open(name, preset);
    return h("button", { type: "button", ...props, on: { click } }, ...children);
  }
  const href = hashOf(preset ? { explorer: name, preset } : { explorer: name });
  return h("a", { href, ...props }, ...children);
}

function tileOf(act, { name, title, question, picture }) {
  const image = picture
    ? h("img", { src: picture, alt: "", width: 640, height: 360 })
    : h("span", { class: "laf-no-picture" }, logo());
  const texts = [h("b", { text: title }), h("span", { text: question })];
  const props = { class: "laf-tile", data: { name } };
  return h("li", {}, entry(act, { name }, props, image, ...texts));
}

function topicOf(act, { topic, tries }) {
  const made = tries.map(({ name, title, preset, label, text }) => {
    const props = { class: "laf-try", data: { name } };
    const parts = [
      h("b", { text: label }),
      h("span", { text }),
      h("small", { text: title }),
    ];
    return h("li", {}, entry(act, { name, preset }, props, ...parts));
  });
  return h(
    "section",
    { "aria-label": topic },
    h("h2", { text: topic }),
    h("ul", { class: "laf-tries" }, made),
  );
}

export function lobby(tiles, topics, act) {
  const status = h("p", { class: "laf-soft", role: "status", "aria-live": "polite" });
  const problem = h("p", { class: "laf-problem", role: "alert", hidden: true });
  const places = tiles.map((tile) => tileOf(act, tile));
  const el = h(
    "div",
    { class: "laf laf-home", tabIndex: -1, data: { lmSuppressShortcuts: "true" } },
    h(
      "header",
      { class: "laf-bar" },
      h(
        "div",
        { class: "laf-brand" },
        logo(),
        h("div", {}, h("h1", { text: TITLE }), h("p", { text: QUESTION })),
      ),
      h(
        "div",
        { class: "laf-nav" },
        status,
        button("Light or dark", act.flipTheme, { sign: "theme", text: "" }),
      ),
    ),
    h(
      "main",
      { class: "laf-lobby" },
      problem,
      h(
        "section",
        { "aria-label": "Explorers" },
        h("h2", { text: "Explorers" }),
        h("ul", { class: "laf-tiles" }, places),
      ),
      topics.map((topic) => topicOf(act, topic)),
    ),
  );
  const titles = new Map(tiles.map(({ name, title }) => [name, title]));
  const tile = (name) => el.querySelector(`.laf-tile[data-name="${name}"]`);
  return {
    el,
    titleOf: (name) => titles.get(name) ?? name,
    wait(name) {
      const title = titles.get(name) ?? name;
      write(status, name ? `opening ${title} …` : "");
      el.classList.toggle("laf-waits", Boolean(name));
    },
    complain(text) {
      write(problem, text);
      problem.hidden = !text;
    },
    focus(name) {
      tile(name)?.focus({ preventScroll: true });
    },
    end(cure) {
      this.complain(`The kernel has stopped. ${cure} to start a new one.`);
      for (const one of el.querySelectorAll(".laf-tile, .laf-try")) {
        one.removeAttribute("href");
        one.setAttribute("aria-disabled", "true");
      }
    },
  };
}
