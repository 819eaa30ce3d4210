/* Pictures under the hand: taps and arrow keys choose the pixel, the brush leaves
 * strokes, and taps pick prototypes. */

import { Line, PAINT, PICK, PROBE } from "./hand.js";

const MOVES = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
const LEAP = 10; // pixels that an arrow key moves with Shift

export class Easel {
  /* `pixel` returns the chosen pixel that the kernel knows. */
  constructor(hand, wishes, pixel) {
    this.hand = hand;
    this.wishes = wishes;
    this.pixel = pixel;
    this.wished = [0, 0]; // the pixel asked for last
    this.figures = null;
    this.finger = false; // whether the last press was one: a finger's drag scrolls
    this.line = null; // the stroke that is being drawn
    this.wet = false; // whether a stroke is shown that the kernel has not painted yet
    hand.watch(() => {
      this.figures?.draws(hand.mode === PAINT);
      this.dry(true);
    });
  }

  /* Listens to figures; `named` returns the view of a figure's id. A tap or a drag that
   * neither paints nor picks moves what the view lets tap: a pixel, or a point. */
  hang(figures, named) {
    this.figures = figures;
    const probed = (id, x, y) => this.wishes.tap(named(id), x, y);
    const picture = (figure) => figure.tags.includes("picture");
    figures.onTap((figure, x, y, again) => {
      const used = picture(figure) && this.tap(x, y);
      // a double tap resets the zoom; where taps paint or pick, it is a second tap
      if (!used && !(again && picture(figure))) {
        probed(figure.id, x, y);
      }
    });
    figures.onMove((figure, phase, x, y) => {
      if (this.hand.mode === PAINT && picture(figure)) {
        this.draw(phase, x, y);
      } else if (this.hand.mode !== PROBE || this.finger) {
        return;
      } else if (phase === "drag") {
        this.wishes.glide(named(figure.id), x, y);
      } else if (phase === "end") {
        probed(figure.id, x, y);
      }
    });
    figures.draws(this.hand.mode === PAINT);
  }

  press({ pointerType }) {
    this.finger = pointerType === "touch";
  }

  /* Moves the pixel by the arrow keys; Enter paints there, or picks it. Returns whether
   * it was such a key. */
  key(view, { key, shiftKey }) {
    const now = this.wishes.held("pixel") ? this.wished : this.pixel();
    const [rows, cols] = this.figures?.shape(view) ?? [0, 0];
    if (!now || !rows) {
      return false;
    }
    if (key === "Enter") {
      return this.tap(now[1] + 0.5, now[0] + 0.5);
    }
    if (!(key in MOVES)) {
      return false;
    }
    const [down, right] = MOVES[key].map((n) => n * (shiftKey ? LEAP : 1));
    const within = (n, count) => Math.min(count - 1, Math.max(0, n));
    this.wished = [
      within(Math.min(now[0], rows - 1) + down, rows),
      within(Math.min(now[1], cols - 1) + right, cols),
    ];
    this.wishes.set("pixel", this.wished);
    return true;
  }

  tap(x, y) {
    const line = new Line(this.hand.brush.size);
    if (!line.add(x, y)) {
      return this.hand.mode !== PROBE; // beside the picture
    }
    if (this.hand.mode === PAINT) {
      this.paint(line);
    } else if (this.hand.mode === PICK) {
      this.wishes.set("picks", { add: line.points[0] });
    }
    return this.hand.mode === PAINT || this.hand.mode === PICK;
  }

  draw(phase, x, y) {
    const { size } = this.hand.brush;
    if (phase === "start") {
      this.line = new Line(size);
    }
    if (phase === "hover" && !this.line && !this.wet) {
      const tip = new Line(size);
      tip.add(x, y);
      this.figures.trace(tip.points, size);
    } else if (phase === "leave") {
      this.dry();
    } else if (this.line) {
      if (this.line.add(x, y)) {
        this.figures.trace(this.line.points, size);
      }
      if (phase === "end") {
        this.paint(this.line);
      }
    }
  }

  paint(line) {
    this.line = null;
    if (line.points.length === 0) {
      return;
    }
    this.wet = true;
    this.wishes.set("strokes", { add: { ...this.hand.brush, points: line.points } });
  }

  /* Takes the trace off, unless a stroke is being drawn. */
  dry(all = false) {
    if (all) {
      this.line = null;
    }
    if (!this.line) {
      this.wet = false;
      this.figures?.trace([], 1);
    }
  }
}
