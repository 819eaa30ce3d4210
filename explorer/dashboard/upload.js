/* A button that picks one image file and sends it in pieces (see upload.py).
 *
 * browser → kernel: "begin" (id, name, size, number of pieces), then "piece" (id, index,
 * buffer).
 * A file over the limit is announced but not read: the kernel says what is wrong. Pieces
 * stay below the message size that a Jupyter server accepts.
 */

const PIECE = 4 * 2 ** 20;

async function send(model, file) {
  const fits = file.size <= model.get("limit");
  const pieces = fits ? Math.ceil(file.size / PIECE) : 0;
  // several views may send at the same time: each file has a name of its own
  const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  model.send({ kind: "begin", id, name: file.name, size: file.size, pieces });
  for (let index = 0; index < pieces; index += 1) {
    const part = file.slice(index * PIECE, (index + 1) * PIECE);
    model.send({ kind: "piece", id, index }, undefined, [await part.arrayBuffer()]);
  }
}

function render({ model, el }) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/*";
  input.hidden = true;
  const button = document.createElement("button");
  button.className = "jupyter-button widget-button lm-Widget jupyter-widgets";
  button.textContent = model.get("description");
  button.title = model.get("tooltip");
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // the same file can be picked again
    if (file) {
      send(model, file);
    }
  });
  el.append(button, input);
}

export default { render };
