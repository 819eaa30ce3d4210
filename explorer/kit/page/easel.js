/* Drawing in the pictures: the hand's brush leaves strokes, taps pick or probe. */

import { Line, PAINT, PICK } from "./hand.js";

export class Easel {
  constructor(hand, wishes) {
    this.hand = hand;
    this.wishes = wishes;
    this.figures = null;
    this.line = null; // the stroke that is being drawn
    this.wet = false; // whether a stroke is shown that the kernel has not painted yet
    hand.watch(() => {
      this.figures?.draws(hand.mode === PAINT);
      this.dry(true);
    });
  }

  /* Listens to figures; a tap that neither paints nor picks is handed to `probed`. */
  hang(figures, probed) {
    this.figures = figures;
    // a double tap resets the zoom, and is a second tap where taps paint or pick
    figures.onTap((id, x, y, again) => this.tap(x, y) || again || probed(id, x, y));
    figures.onDraw((phase, x, y) => this.draw(phase, x, y));
    figures.draws(this.hand.mode === PAINT);
  }

  tap(x, y) {
    const line = new Line(this.hand.brush.size);
    line.add(x, y);
    if (this.hand.mode === PAINT) {
      this.paint(line);
    } else if (this.hand.mode === PICK) {
      this.wishes.set("picks", { add: line.points[0] });
    }
    return this.hand.mode === PAINT || this.hand.mode === PICK;
  }

  draw(phase, x, y) {
    if (this.hand.mode !== PAINT) {
      return;
    }
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
