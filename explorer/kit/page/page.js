/* The page of a dashboard in a browser: one view of the widget (see page.py).
 *
 * kernel → browser: "snapshot" (document, content and light, once per view), "update"
 *   (columns, properties and content, one message), "light" (at once), "download"
 * browser → kernel: "hello" (a view is ready for its snapshot), "bye", "drawn",
 *   and wishes: "set", "act", "tap", "address", "file" (see wishes.js)
 */

import { Figures, loadBokeh } from "./bokeh.js";
import { unique } from "./dom.js";
import { Easel } from "./easel.js";
import { Frame } from "./frame.js";
import { PROBE } from "./hand.js";
import { Pulse } from "./pulse.js";
import { saveFigure, saveFile } from "./save.js";
import { Theme } from "./theme.js";
import { Wishes } from "./wishes.js";

const STARTING = { state: "busy", text: "starting …" };
const PATIENCE = 4000; // ms within which an idle kernel receives a wish

class View {
  constructor(model, el) {
    this.model = model;
    this.id = unique();
    this.figures = null;
    this.closed = false;
    this.waiting = []; // updates that arrived before the figures
    this.lamp = STARTING;
    this.drawing = true; // until the first pictures are there, nothing is ready
    this.wishes = new Wishes(model, this.id, () => this.light());
    this.frame = new Frame(model.get("declaration"), this.wishes, {
      save: (card, type) => this.save(card, type),
      flipTheme: () => this.theme.flip(),
    });
    this.frame.attach(el, model.get("still"));
    const pixel = () => this.frame.rail.values.pixel;
    this.easel = new Easel(this.frame.hand, this.wishes, pixel);
    this.alone = this.frame.address.mine;
    this.theme = new Theme(this.frame.root, () => this.paint());
    this.paint();
    this.listen();
    this.pulse = new Pulse(model, () => this.end());
  }

  listen() {
    this.onKey = this.onKey.bind(this);
    this.keys = this.alone ? document : this.frame.root; // the source of key events
    this.keys.addEventListener("keydown", this.onKey);
    const { root } = this.frame;
    root.addEventListener("pointerdown", (event) => this.easel.press(event), true);
    this.receive = this.receive.bind(this);
    this.model.on("msg:custom", this.receive);
    this.onLeave = () => this.wishes.tell({ kind: "bye" });
    addEventListener("pagehide", this.onLeave);
    const ready = (Bokeh) => this.hello(Bokeh);
    this.stopLoading = loadBokeh(this.model, ready, (why) => this.fail(why));
  }

  hello(Bokeh) {
    this.figures = new Figures(Bokeh);
    this.wishes.tell({ kind: "hello" });
  }

  /* The kernel has stopped: the page keeps its pictures, and takes no more wishes. */
  end() {
    this.wishes.close();
    this.lamp = { state: "error", text: "kernel stopped" };
    this.drawing = false;
    this.light();
    this.frame.end(this.alone ? "Reload the page" : "Run the cell again");
  }

  fail(reason) {
    this.frame.complain(`The figures cannot be shown: ${reason}. Reload the page.`);
    this.lamp = { state: "error", text: "see the message" };
    this.drawing = false;
    this.light();
  }

  receive(message, buffers) {
    if (this.closed) {
      return;
    }
    const mine = message.to === this.id;
    if (message.kind === "snapshot" && mine) {
      this.start(message).catch((error) => this.fail(error.message));
    } else if (message.kind === "update") {
      this.update(message, buffers);
    } else if (message.kind === "light") {
      this.take(message);
    } else if (message.kind === "download" && mine) {
      const [data] = buffers;
      saveFile(message.name, new Blob([data], { type: message.mime }));
    }
  }

  async start(message) {
    const { cards, still, root, address } = this.frame;
    this.show(message.content);
    this.take(message);
    still.remove();
    await this.figures.build(message.doc, cards.places);
    if (this.closed) {
      return;
    }
    this.easel.hang(this.figures, (id) => cards.named(id));
    for (const [update, buffers] of this.waiting) {
      if (update.seq > message.seq) {
        this.apply(update, buffers);
      }
    }
    this.waiting = [];
    this.paint();
    root.dataset.ready = "true";
    this.drawing = false;
    this.light();
    this.drawn(message.seq);
    address.open();
  }

  update(message, buffers) {
    if (this.figures?.views) {
      this.apply(message, buffers);
    } else {
      this.waiting.push([message, buffers]);
    }
    this.drawn(message.seq);
  }

  /* Pictures and numbers change in the same frame. */
  apply(message, buffers) {
    this.figures.update(message, buffers);
    this.easel.dry();
    this.show(message.content ?? {});
  }

  /* Bokeh paints in the next frame; the screen shows it when the frame after begins. */
  drawn(seq) {
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (!this.closed) {
          this.wishes.tell({ kind: "drawn", seq });
        }
      }),
    );
  }

  show(content) {
    this.wishes.heard = content.heard?.[this.id] ?? this.wishes.heard;
    this.frame.show(content);
  }

  take({ light, received }) {
    this.wishes.received = received?.[this.id] ?? this.wishes.received;
    this.lamp = light;
    this.light();
  }

  /* Until a wish reaches the kernel, the light is on, whatever the kernel says. */
  light(text = "computing …") {
    const waiting = this.wishes.open && this.lamp.state !== "busy";
    clearTimeout(this.patience);
    if (waiting) {
      this.patience = setTimeout(
        () => this.light("waiting for the kernel …"),
        PATIENCE,
      );
    }
    const lamp = this.drawing && this.lamp.state !== "busy" ? STARTING : this.lamp;
    this.frame.light(waiting ? { state: "busy", text } : lamp);
  }

  onKey(event) {
    if (this.frame.root.clientWidth === 0) {
      return; // the home shows another explorer
    }
    const { target, ctrlKey, metaKey, shiftKey, altKey } = event;
    if (event.key === "Escape") {
      this.frame.hand.take(PROBE);
    }
    const view = target.dataset?.picture;
    if (view && !(ctrlKey || metaKey || altKey) && this.easel.key(view, event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const field = target.matches?.("input[type=text]:not([readonly])");
    const typing = field && target.value !== target.title;
    if (!(ctrlKey || metaKey) || altKey || typing) {
      return;
    }
    const key = event.key.toLowerCase();
    const name = { z: shiftKey ? "redo" : "undo", y: "redo" }[key];
    if (name) {
      event.preventDefault();
      event.stopPropagation();
      this.wishes.act(name); // works right after a wish, before "undo" is enabled
    }
  }

  paint() {
    if (this.theme) {
      const dark = this.alone && this.theme.now === "dark";
      document.body.classList.toggle("laf-dark-page", dark);
      this.theme.paint(this.figures?.doc ? this.figures.all() : []);
    }
  }

  save(card, type) {
    const root = this.figures?.root(card.declared.root);
    const view = root && this.figures.view(root);
    if (view) {
      const css = getComputedStyle(this.frame.root);
      const back = css.getPropertyValue("--laf-card");
      const ink = css.getPropertyValue("--laf-ink");
      const title = card.title.textContent;
      saveFigure(view, type, title, { name: card.name, back, ink });
    }
  }

  close() {
    this.onLeave();
    this.closed = true;
    clearTimeout(this.patience);
    this.stopLoading();
    this.keys.removeEventListener("keydown", this.onKey);
    this.model.off("msg:custom", this.receive);
    removeEventListener("pagehide", this.onLeave);
    this.pulse.close();
    this.wishes.close();
    this.theme.close();
    document.body.classList.remove("laf-dark-page");
    this.figures?.discard();
    this.frame.close();
  }
}

function render({ model, el }) {
  const view = new View(model, el);
  return () => view.close();
}

export default { render };
