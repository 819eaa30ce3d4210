/* Shows a Bokeh document kept by the kernel (see bridge.py): one way, atomic, reload-safe.
 *
 * kernel → browser: "bokehjs" (the library, once per page), "snapshot" (the whole
 *   document, once per view), "update" (new columns and properties, header + buffers)
 * browser → kernel: "want-bokehjs", "hello" (a view is ready for its snapshot),
 *   "drawn" (an update reached the screen: the kernel may send the next), "tap"
 * Data never travel back: the sources in the kernel hold the valid state.
 */

const ARRAYS = {
  "<f8": [Float64Array, "float64"],
  "<f4": [Float32Array, "float32"],
  "<i4": [Int32Array, "int32"],
  "<u4": [Uint32Array, "uint32"],
  "|u1": [Uint8Array, "uint8"],
};

/* Calls ready(Bokeh) once the BokehJS of the kernel's version is there. Another version
 * may live on the same page: every copy registers itself as window.Bokeh[version]. Each
 * view asks its own kernel: a shared request would die with the view that made it. */
function loadBokeh(model, ready, failed) {
  const version = model.get("_bokeh_version");
  const present = () => window.Bokeh?.[version];
  if (present()) {
    ready(present());
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
      ready(present());
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

function applyUpdate(Bokeh, doc, message, buffers) {
  const { ndarray } = Bokeh.require("core/util/ndarray");
  for (const { name, props } of message.props) {
    doc.get_model_by_name(name)?.setv(props);
  }
  for (const { source, columns } of message.updates) {
    const entries = Object.entries(columns).map(([name, column]) => [
      name,
      decodeColumn(column, buffers, ndarray),
    ]);
    const model = doc.get_model_by_name(source);
    if (model) {
      model.data = Object.fromEntries(entries);
    }
  }
}

function forwardTaps(doc, model) {
  for (const figure of doc._all_models?.values() ?? []) {
    if (figure.tags?.includes("probe")) {
      figure.on_event("tap", ({ x, y }) =>
        model.send({ kind: "tap", figure: figure.name, x, y }),
      );
    }
  }
}

function discard(Bokeh, doc, views) {
  for (const view of views?.roots ?? []) {
    view.remove();
  }
  doc?.clear();
  const index = Bokeh?.documents.indexOf(doc) ?? -1;
  if (index >= 0) {
    Bokeh.documents.splice(index, 1);
  }
}

async function render({ model, el }) {
  const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const root = document.createElement("div");
  root.innerHTML = model.get("still"); // stays if no kernel sends a figure
  el.appendChild(root);
  let Bokeh = null;
  let doc = null;
  let views = null;
  let closed = false;
  let waiting = [];

  // Bokeh paints in the next frame; the one after it begins when that is on the screen
  const drawn = (seq) =>
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (!closed) {
          model.send({ kind: "drawn", seq });
        }
      }),
    );

  const show = async (message) => {
    discard(Bokeh, doc, views);
    root.replaceChildren();
    views = null;
    doc = Bokeh.require("document").Document.from_json(message.doc);
    const { add_document_standalone } = Bokeh.require("embed/standalone");
    const shown = await add_document_standalone(doc, root, { [message.root]: root });
    if (closed) {
      discard(Bokeh, doc, shown);
      return;
    }
    views = shown;
    forwardTaps(doc, model);
    for (const [update, buffers] of waiting) {
      if (update.seq > message.seq) {
        applyUpdate(Bokeh, doc, update, buffers);
      }
    }
    waiting = [];
    root.dataset.ready = "true";
    drawn(message.seq);
  };

  const failed = (reason) => {
    closed = true;
    waiting = [];
    root.textContent = `The figures cannot be shown: ${reason}. Reload the page.`;
  };

  const receive = (message, buffers) => {
    if (closed) {
      return;
    }
    if (message.kind === "snapshot" && message.to === id) {
      show(message).catch((error) => failed(error.message));
    } else if (message.kind === "update") {
      if (views) {
        applyUpdate(Bokeh, doc, message, buffers);
      } else {
        waiting.push([message, buffers]);
      }
      drawn(message.seq);
    }
  };

  model.on("msg:custom", receive);
  const ready = (loaded) => {
    Bokeh = loaded;
    model.send({ kind: "hello", id });
  };
  const stopLoading = loadBokeh(model, ready, failed);
  return () => {
    closed = true;
    stopLoading();
    model.off("msg:custom", receive);
    discard(Bokeh, doc, views);
  };
}

export default { render };
