/* Bokeh's figures, one per card: updates from the kernel's document, one way, atomic.
 *
 * kernel → browser: "bokehjs" (the library, once per page), "snapshot" (the whole
 *   document, once per view), "update" (new columns and properties, header + buffers)
 * browser → kernel: "want-bokehjs", "drawn" (the screen shows it: send the next)
 */

const ARRAYS = {
  "<f8": [Float64Array, "float64"],
  "<f4": [Float32Array, "float32"],
  "<i4": [Int32Array, "int32"],
  "<u4": [Uint32Array, "uint32"],
  "|u1": [Uint8Array, "uint8"],
};

const PHASES = {
  mousemove: "hover",
  mouseleave: "leave",
  panstart: "start",
  pan: "drag",
  panend: "end",
};
const SCROLLS = "pan-y pinch-zoom"; // what a swipe over a figure does

/* Calls ready(Bokeh) once the BokehJS of the kernel's version is there. Another version
 * may live on the same page: every copy registers itself as window.Bokeh[version]. Each
 * view asks its own kernel: a shared request would die with the view that made it. */
export function loadBokeh(model, ready, failed) {
  const version = model.get("_bokeh_version");
  const present = () => window.Bokeh?.[version];
  const begin = () => {
    mend(present());
    ready(present());
  };
  if (present()) {
    begin();
    return () => {};
  }
  const receive = (message, buffers) => {
    if (message.kind !== "bokehjs") {
      return;
    }
    model.off("msg:custom", receive);
    if (!present()) {
      for (const buffer of buffers) {
        const script = document.createElement("script");
        script.textContent = new TextDecoder().decode(buffer);
        document.head.appendChild(script); // a classic script: runs before this returns
      }
    }
    if (present()) {
      begin();
    } else {
      failed(`BokehJS ${version} did not load`);
    }
  };
  model.on("msg:custom", receive);
  model.send({ kind: "want-bokehjs" });
  return () => model.off("msg:custom", receive);
}

function decodeColumn(column, buffers, ndarray) {
  if ("values" in column) {
    return column.values;
  }
  const view = buffers[column.buffer];
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const [TypedArray, dtype] = ARRAYS[column.dtype];
  const array =
    column.shape.length === 1
      ? new TypedArray(bytes)
      : ndarray(bytes, { dtype, shape: column.shape });
  return column.single ? [array] : array;
}

/* Puts new columns and properties into the models of a document. */
export function applyUpdate(Bokeh, doc, { props, updates }, buffers) {
  const { ndarray } = Bokeh.require("core/util/ndarray");
  for (const { name, props: values } of props) {
    doc.get_model_by_name(name)?.setv(values);
  }
  for (const { source, columns } of updates) {
    const model = doc.get_model_by_name(source);
    if (model) {
      const entries = Object.entries(columns);
      model.data = Object.fromEntries(
        entries.map(([name, column]) => [name, decodeColumn(column, buffers, ndarray)]),
      );
    }
  }
}

/* Lets removed plots go: PlotView of BokehJS 3 listens to the visual viewport for as long
 * as the page lives, which would keep every closed figure with all of its data. */
function mend(Bokeh) {
  const { PlotView } = Bokeh.require("models/plots/plot_canvas");
  const { connect_signals: connect, remove } = PlotView.prototype;
  if (PlotView.lafMended || !window.visualViewport) {
    return;
  }
  PlotView.lafMended = true;
  const listening = new WeakMap();
  PlotView.prototype.connect_signals = function () {
    const ending = new AbortController();
    listening.set(this, ending);
    const { signal } = ending;
    const { addEventListener: listen } = EventTarget.prototype;
    visualViewport.addEventListener = (type, act) =>
      listen.call(visualViewport, type, act, { signal });
    try {
      connect.call(this);
    } finally {
      delete visualViewport.addEventListener; // the one of the prototype is back
    }
  };
  PlotView.prototype.remove = function () {
    listening.get(this)?.abort();
    remove.call(this);
  };
}

/* The figures of one view of the page. */
export class Figures {
  constructor(Bokeh) {
    this.Bokeh = Bokeh;
    this.doc = null;
    this.views = null;
  }

  /* Builds the figures of a document in the elements named by the ids of its roots. */
  async build(json, elements) {
    this.discard();
    const { Document } = this.Bokeh.require("document");
    const { add_document_standalone: add } = this.Bokeh.require("embed/standalone");
    const doc = Document.from_json(json);
    const places = doc.roots().map((root) => elements[root.id]);
    const elsewhere = document.createElement("div"); // takes Bokeh's notifications
    this.doc = doc;
    const views = await add(doc, elsewhere, places);
    if (this.doc === doc) {
      this.views = views;
      this.calm();
    } else {
      release(this.Bokeh, doc, views); // the view has closed meanwhile
    }
  }

  /* Figures are pictures with a text alternative: the tab key skips their parts. */
  calm() {
    for (const figure of this.all("Figure")) {
      const canvas = this.view(figure)?.canvas_view;
      if (canvas?.events_el) {
        canvas.events_el.tabIndex = -1;
        canvas.events_el.style.touchAction = SCROLLS;
      }
    }
  }

  all(type) {
    const models = [...(this.doc?._all_models?.values() ?? [])];
    return type ? models.filter((model) => model.type === type) : models;
  }

  view(model) {
    return this.Bokeh.index.find_one(model);
  }

  root(id) {
    return this.doc?.roots().find((root) => root.id === id);
  }

  /* The figures with a tag; each figure is a root. */
  tagged(tag) {
    return this.doc.roots().filter((root) => root.tags?.includes(tag));
  }

  /* Calls tapped(figure, x, y, again) for taps into figures tagged "probe"; `again` says
   * that another tap came just before: Bokeh makes a double tap of the second one. */
  onTap(tapped) {
    for (const figure of this.tagged("probe")) {
      figure.on_event("tap", ({ x, y }) => tapped(figure, x, y, false));
      figure.on_event("doubletap", ({ x, y }) => tapped(figure, x, y, true));
    }
  }

  /* Calls moved(figure, phase, x, y) while the pointer hovers over a figure tagged
   * "probe" ("hover"), leaves it ("leave"), or drags in it ("start", "drag", "end"). */
  onMove(moved) {
    for (const figure of this.tagged("probe")) {
      for (const [event, phase] of Object.entries(PHASES)) {
        figure.on_event(event, ({ x, y }) => moved(figure, phase, x, y));
      }
    }
  }

  /* Whether a finger that moves over a picture draws, or scrolls the page. */
  draws(on) {
    for (const figure of this.tagged("picture")) {
      const canvas = this.view(figure)?.canvas_view;
      if (canvas?.events_el) {
        canvas.events_el.style.touchAction = on ? "none" : SCROLLS;
      }
    }
  }

  /* Rows and columns of the picture of a view. */
  shape(view) {
    const { dh, dw } = this.doc?.get_model_by_name(view)?.data ?? {};
    return dh && dw ? [dh[0], dw[0]] : null;
  }

  /* Shows the brush and the present stroke in all pictures. */
  trace(points, size) {
    const model = this.doc?.get_model_by_name("brush");
    if (model) {
      const x = points.map(([, col]) => col + 0.5);
      const y = points.map(([row]) => row + 0.5);
      model.data = { x, y, radius: points.map(() => size / 2) };
    }
  }

  update(message, buffers) {
    applyUpdate(this.Bokeh, this.doc, message, buffers);
  }

  discard() {
    release(this.Bokeh, this.doc, this.views);
    this.doc = null;
    this.views = null;
  }
}

/* Takes a document off the page; nothing of it is left. */
export function release(Bokeh, doc, views) {
  for (const view of views?.roots ?? []) {
    view.remove();
  }
  doc?.clear();
  const index = Bokeh?.documents.indexOf(doc) ?? -1;
  if (index >= 0) {
    Bokeh.documents.splice(index, 1);
  }
}
