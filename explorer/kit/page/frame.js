/* The parts of the page, their places, and the content that each part shows. */

import { Address } from "./address.js";
import { Cards } from "./cards.js";
import { h, write } from "./dom.js";
import { FullScreen } from "./full.js";
import { Hand } from "./hand.js";
import { header } from "./header.js";
import { Layout } from "./layout.js";
import { Past } from "./past.js";
import { Explanation } from "./popups.js";
import { Rail } from "./rail.js";
import { Runs } from "./runs.js";
import { presets, Readouts, RunBox } from "./strip.js";

/* Controls and buttons that do nothing without a kernel. */
const NEEDS_KERNEL = [
  ":is(.laf-rail, .laf-slot) :is(input, select, button:not(.laf-what))",
  ":is(.laf-run, .laf-presets) :is(input, button:not(.laf-views))",
  ".laf-past button, .laf-runs button:not(th button), .laf-menu input, [data-kernel]",
].join();

export class Frame {
  /* `wishes` takes what the user wants; `save` and `flipTheme` are the page's own. */
  constructor(declared, wishes, { save, flipTheme }) {
    const act = (name, value) => wishes.act(name, value);
    const announce = (text) => write(this.live, text);
    const props = { tabIndex: -1, data: { lmSuppressShortcuts: "true" } };
    this.root = h("div", { class: "laf", ...props });
    this.live = h("div", {
      class: "laf-hidden",
      role: "status",
      "aria-live": "polite",
    });
    this.link = "";
    this.past = new Past(declared, (link) => wishes.address(link));
    this.full = new FullScreen(this.root);
    this.explanation = new Explanation();
    this.hand = new Hand();
    this.rail = new Rail(declared, wishes, this.explanation, this.hand);
    const tell = (kind, detail) =>
      this.root.dispatchEvent(new CustomEvent(kind, { bubbles: true, detail }));
    const toHome = declared.home ? (link) => tell("laf-link", link) : null;
    this.address = new Address((link) => wishes.address(link), toHome);
    this.header = header(declared, {
      act,
      announce,
      flipTheme,
      fullScreen: () => this.full.toggle(),
      link: () => [this.link, this.address.mine],
      leave: () => tell("laf-leave"),
      hand: (name) => tell("laf-hand", name),
    });
    const about = (anchor, { title, about: text }) =>
      this.explanation.show(anchor, h("b", { text: title }), h("p", { text }));
    const csv = (view) => act("export", { kind: "csv", view });
    this.cards = new Cards(declared, { act, about, save, csv });
    this.readouts = new Readouts();
    this.run = declared.stepper ? new RunBox(act, this.rail.steps) : null;
    this.runs = new Runs(act);
    this.presets = presets(declared, act);
  }

  /* Puts the parts into an element; `still` is HTML for use without a kernel. */
  attach(el, still) {
    this.problem = h("p", { class: "laf-problem", role: "alert", hidden: true });
    this.still = h("div", { class: "laf-still", html: still, hidden: !still });
    this.presets.append(...this.cards.chooser);
    const strip = h("div", { class: "laf-strip" }, this.run?.el ?? null);
    strip.append(this.readouts.el);
    const main = h("div", { class: "laf-main" });
    main.append(this.past.el, this.problem, strip, this.presets, this.still);
    main.append(this.cards.el, this.runs.el);
    this.body = h("div", { class: "laf-body" }, this.rail.slot, this.rail.el, main);
    this.root.append(this.header.el, this.body, this.explanation.el, this.live);
    this.root.classList.toggle("laf-alone", this.address.mine);
    el.append(this.root);
    this.layout = new Layout(this.root, this.cards, this.rail, this.address.mine);
  }

  /* Shows the changed parts of the content. */
  show(content) {
    this.rail.show(content);
    this.cards.show(content);
    this.run?.show(content);
    if (content.readouts) {
      this.readouts.show(content.readouts);
    }
    if (content.runs) {
      this.runs.show(content.runs);
    }
    for (const name of ["undo", "redo"]) {
      if (content[name] !== undefined) {
        this.header[name].disabled = !content[name];
      }
    }
    if (content.problem !== undefined) {
      this.complain(content.problem);
    }
    if (content.code !== undefined) {
      this.header.code.show(content.code);
    }
    if (content.link !== undefined) {
      this.link = content.link;
      this.address.write(content.link);
      this.past.follow(content.link);
    }
  }

  complain(problem) {
    write(this.problem, problem);
    this.problem.hidden = !problem;
  }

  /* Says that the kernel has stopped, and disables all that needs it. */
  end(cure) {
    const text = `The kernel has stopped. ${cure} to start a new one.`;
    this.body.prepend(h("p", { class: "laf-problem laf-ended", role: "alert", text }));
    for (const one of this.root.querySelectorAll(NEEDS_KERNEL)) {
      one.disabled = true;
    }
  }

  light(shown) {
    this.header.light.show(shown);
    this.run?.light(shown);
  }

  close() {
    for (const part of [this.address, this.cards, this.layout, this.full]) {
      part.close();
    }
    this.header.light.close();
    this.root.remove();
  }
}
