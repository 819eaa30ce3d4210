/* A file that the user picks or drops, sent in pieces (see pieces.py).
 *
 * For a file over the limit, only name and size are sent; the kernel reports the error.
 * Pieces stay below the message size that Jupyter servers accept.
 */

import { button, h, unique } from "./dom.js";

const PIECE = 4 * 2 ** 20;
const LIMIT = 64 * 2 ** 20; // as in page.py

async function send(file, declared, wishes) {
  const fits = file.size <= (declared.limit ?? LIMIT);
  const pieces = fits ? Math.ceil(file.size / PIECE) : 0;
  // several views may send at the same time, so each file gets a unique name
  const head = { control: declared.name, file: unique() };
  const { name, size } = file;
  wishes.file({ ...head, phase: "begin", name, size, pieces });
  for (let index = 0; index < pieces; index += 1) {
    const part = file.slice(index * PIECE, (index + 1) * PIECE);
    wishes.file({ ...head, phase: "piece", index }, [await part.arrayBuffer()]);
  }
}

/* The parts of a file control: a button that accepts drops, and the file name. */
export function imageParts(declared, name, complain, { wishes }) {
  const input = h("input", {
    type: "file",
    accept: declared.accept ?? "image/*",
    hidden: true,
  });
  const pick = button(`${name}: choose a file, or drop one here`, () => input.click(), {
    text: "Choose …",
    class: "laf-choose",
  });
  const shown = h("small", { class: "laf-file" });
  const take = (file) => {
    if (file) {
      complain("");
      send(file, declared, wishes).catch((error) =>
        complain(`not sent: ${error.message}`),
      );
    }
  };
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = ""; // allows picking the same file again
  });
  const body = h("div", { class: "laf-drop" }, input, pick, shown);
  const over = (event) => {
    event.preventDefault();
    body.classList.toggle("laf-over-drop", event.type === "dragover");
  };
  body.addEventListener("dragover", over);
  body.addEventListener("dragleave", over);
  body.addEventListener("drop", (event) => {
    over(event);
    take(event.dataTransfer.files[0]);
  });
  const show = (value) => {
    shown.textContent = value?.name ?? (typeof value === "string" ? value : "");
  };
  const lock = (locked) => {
    pick.disabled = locked;
  };
  return { head: h("span"), body, target: pick, inputs: [pick], show, lock };
}
