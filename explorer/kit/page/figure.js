/* Shows a Bokeh document kept by the kernel (see ../figure.py): one way, atomic, reload-safe.
 *
 * kernel → browser: "bokehjs" (the library, once per page), "snapshot" (the whole
 *   document, once per view), "update" (new columns and properties, header + buffers)
 * browser → kernel: "want-bokehjs", "hello" (a view is ready for its snapshot),
 *   "drawn" (an update reached the screen: the kernel may send the next)
 * Data never travel back: the sources in the kernel hold the valid state.
 */

import { applyUpdate, loadBokeh, release } from "./bokeh.js";

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
    release(Bokeh, doc, views);
    root.replaceChildren();
    views = null;
    doc = Bokeh.require("document").Document.from_json(message.doc);
    const { add_document_standalone } = Bokeh.require("embed/standalone");
    const shown = await add_document_standalone(doc, root, { [message.root]: root });
    if (closed) {
      release(Bokeh, doc, shown);
      return;
    }
    views = shown;
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
    release(Bokeh, doc, views);
  };
}

export default { render };
