/* What a press into a picture does: choose the pixel, paint with the brush, or pick a
 * prototype. One hand per view of the page; controls switch it, figures ask it. */

export const PROBE = "probe";
export const PAINT = "paint";
export const PICK = "pick";

export class Hand {
  constructor() {
    this.mode = PROBE;
    this.brush = { label: 0, size: 3, on: "truth" }; // the next stroke, without points
    this.watchers = new Set();
  }

  watch(watcher) {
    this.watchers.add(watcher);
  }

  take(mode) {
    this.mode = mode;
    this.tell();
  }

  /* Changes the brush. */
  load(changes) {
    this.brush = { ...this.brush, ...changes };
    this.tell();
  }

  tell() {
    for (const watcher of this.watchers) {
      watcher(this);
    }
  }
}

const FINEST = 0.25; // of the brush's diameter: the least distance between two points
const MOST = 10_000; // points of a stroke, as in Python

/* A stroke that grows while the pointer moves. */
export class Line {
  constructor(size) {
    this.least = Math.max(1, FINEST * size);
    this.points = [];
  }

  /* Adds a place (x, y) of the picture if it is far enough from the last one. */
  add(x, y) {
    if (!(x >= 0 && y >= 0)) {
      return false; // left of the picture, or above it
    }
    const point = [Math.floor(y), Math.floor(x)];
    const last = this.points.at(-1);
    const far = !last || Math.hypot(point[0] - last[0], point[1] - last[1]);
    if (this.points.length < MOST && (far === true || far >= this.least)) {
      this.points.push(point);
      return true;
    }
    return false;
  }
}
