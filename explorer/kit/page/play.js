/* Plays a slider: a button moves it to its end, one step after each answer. */

import { button, icon } from "./dom.js";

const PACE = 66; // ms between two steps: about 15 per second

/* Returns the button and how to stop it. `advance` moves the slider by one step (the
 * first one leads from the end to the start), and returns whether it moved; `answered`
 * says whether the last step is on the screen; `ended` is called at the end. */
export function player(name, { advance, answered, ended }) {
  let timer = null;
  const stop = () => {
    if (timer !== null) {
      clearInterval(timer);
      timer = null;
      draw();
      ended();
    }
  };
  const step = () => {
    if (!el.isConnected || (answered() && !advance(false))) {
      stop(); // the page is closed, or the slider is at its end
    }
  };
  const toggle = () => {
    if (timer !== null) {
      stop();
    } else {
      timer = setInterval(step, PACE);
      draw();
      advance(true);
    }
  };
  const el = button("", toggle, { class: "laf-play" });
  const draw = () => {
    const label = `${timer === null ? "play" : "pause"} ${name}`;
    el.replaceChildren(icon(timer === null ? "run" : "pause"));
    el.title = label;
    el.setAttribute("aria-label", label);
  };
  draw();
  return { el, stop };
}
