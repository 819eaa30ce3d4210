/* Plays a slider: a button moves it to its end, one step after each answer. */

import { button, icon } from "./dom.js";

const PACE = 66; // ms between two steps: about 15 per second

/* Returns the button, and how to stop it: `stop` tells `stopped`, `halt` does not.
 * `advance` moves the slider by one step (the first one leads from the end to the
 * start), and returns whether it moved; `answered` says whether the kernel has answered
 * the last step. */
export function player(name, { advance, answered, stopped }) {
  let timer = null;
  const halt = () => {
    if (timer !== null) {
      clearInterval(timer);
      timer = null;
      draw();
      return true;
    }
    return false;
  };
  const stop = () => halt() && stopped();
  const step = () => {
    // the page is closed, or the kernel has stopped, or the slider is at its end
    if (!el.isConnected || el.disabled || (answered() && !advance(false))) {
      stop();
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
  return { el, stop, halt };
}
