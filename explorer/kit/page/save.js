/* Output of the page: files, pictures of figures, the clipboard. */

import { h } from "./dom.js";

const LATER = 10_000; // ms after which browsers have started to save

export function saveFile(name, blob) {
  const href = URL.createObjectURL(blob);
  const link = h("a", { href, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(href), LATER);
}

/* Saves a figure as on the screen, on the color of its card, below its title. */
export async function saveFigure(view, type, title, { name, back, ink }) {
  if (type === "svg") {
    saveFile(`${name}.svg`, await view.export("svg").to_blob());
    return;
  }
  const figure = view.export("png").canvas;
  const scale = devicePixelRatio || 1;
  const head = 28 * scale;
  const canvas = h("canvas", { width: figure.width, height: figure.height + head });
  const context = canvas.getContext("2d");
  context.fillStyle = back;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = ink;
  context.font = `600 ${14 * scale}px system-ui, sans-serif`;
  context.fillText(title, 8 * scale, 19 * scale, canvas.width - 16 * scale);
  context.drawImage(figure, 0, head);
  const blob = await new Promise((done) => canvas.toBlob(done));
  saveFile(`${name}.png`, blob);
}

/* Copies a text; returns false if the page may not, and a field must offer it. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
