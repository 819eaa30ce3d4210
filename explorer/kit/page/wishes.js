/* Wishes: the requests of the user to the kernel; numbered, throttled, newest wins.
 *
 * Each wish has a number `n` that counts up per view. The kernel answers with "heard"
 * (in the content: the last wish that it has applied or rejected) and "received" (in
 * the light: the last wish that has reached it).
 */

const PAUSE = 66; // ms between two wishes of a drag: about 15 per second

export class Wishes {
  constructor(model, id, posted) {
    this.model = model;
    this.id = id;
    this.posted = posted; // callback for each wish, before the kernel receives it
    this.n = 0;
    this.heard = 0;
    this.received = 0;
    this.values = {}; // pending values of a drag
    this.wished = new Map(); // name → number of its newest wish
    this.sentAt = 0;
    this.timer = null;
    this.closed = false;
  }

  /* Sets a control: at once if `final`, else at most every PAUSE ms. */
  set(name, value, final = true) {
    this.values[name] = value;
    this.wished.set(name, Number.POSITIVE_INFINITY); // until it is sent
    const wait = this.sentAt + PAUSE - performance.now();
    if (final || wait <= 0) {
      this.flush(final);
    } else if (this.timer === null) {
      this.timer = setTimeout(() => this.flush(false), wait);
      this.posted();
    }
  }

  flush(final) {
    clearTimeout(this.timer);
    this.timer = null;
    const values = this.values;
    if (Object.keys(values).length === 0) {
      return;
    }
    this.values = {};
    this.sentAt = performance.now();
    this.send({ kind: "set", values, final });
    for (const name of Object.keys(values)) {
      this.wished.set(name, this.n);
    }
  }

  act(name, value = null) {
    this.flush(true);
    this.send({ kind: "act", name, value });
  }

  tap(view, x, y) {
    this.send({ kind: "tap", view, x, y });
  }

  /* Taps where the pointer drags: at most every PAUSE ms; its last place is a `tap`. */
  glide(view, x, y) {
    const now = performance.now();
    if (now - this.sentAt >= PAUSE) {
      this.sentAt = now;
      this.tap(view, x, y);
    }
  }

  address(link) {
    this.send({ kind: "address", link });
  }

  file(message, buffers) {
    this.send({ kind: "file", ...message }, buffers);
  }

  send(message, buffers) {
    if (this.closed) {
      return;
    }
    this.n += 1;
    this.tell({ ...message, n: this.n }, buffers);
    this.posted();
  }

  /* Sends a message that is not a wish: it has no number and leaves the light off. */
  tell(message, buffers) {
    if (this.closed) {
      return;
    }
    try {
      this.model.send({ id: this.id, ...message }, undefined, buffers);
    } catch {
      this.close(); // the kernel has ended: the page is told by its pulse
    }
  }

  /* Whether the newest wish for a control is unanswered: the user is moving it. */
  held(name) {
    return (this.wished.get(name) ?? 0) > this.heard;
  }

  /* Whether a wish has not reached the kernel yet. */
  get open() {
    return !this.closed && (this.n > this.received || this.timer !== null);
  }

  /* Drops all wishes, also those that come later. */
  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.timer = null;
  }
}
