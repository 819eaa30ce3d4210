/* Sizes that style sheets cannot compute: the cards per row, and their height. */

const GAP = 10;
const BELOW = 12; // px left free below the cards
const CHROME = 56; // px of a card outside its figure, including a legend
const LOWEST = 200;
const HIGHEST = 460;
const NARROW = 640;
const ROWS = 2; // of cards in one window

/* The number of cells that the shown cards take; a wide table takes two. */
function cells(grid) {
  const shown = [...grid.children].filter((card) => !card.hidden);
  const wide = shown.filter((card) => getComputedStyle(card).gridColumnEnd === "span 2");
  return shown.length + wide.length;
}

export class Layout {
  constructor(root, cards, rail, alone) {
    Object.assign(this, { root, cards, rail, alone });
    this.width = null;
    this.isNarrow = false;
    this.measure = this.measure.bind(this);
    this.observer = new ResizeObserver(this.measure);
    this.observer.observe(root);
    this.observer.observe(cards.el.parentElement);
    addEventListener("resize", this.measure);
    document.addEventListener("fullscreenchange", this.measure);
    cards.resized = this.measure;
  }

  measure() {
    const { root, cards } = this;
    if (!root.isConnected || root.clientWidth === 0) {
      return;
    }
    const narrow = root.clientWidth < NARROW;
    if (narrow !== this.isNarrow) {
      this.isNarrow = narrow;
      this.rail.narrow(narrow);
    }
    const grid = cards.el;
    const count = cells(grid) || 1;
    grid.style.setProperty("--most", Math.min(6, Math.max(3, Math.ceil(count / ROWS))));
    const tracks = getComputedStyle(grid).gridTemplateColumns.split(" ");
    const track = Number.parseFloat(tracks[0]) || grid.clientWidth;
    const rows = Math.min(ROWS, Math.ceil(count / tracks.length));
    const square = track + CHROME;
    let height = square;
    if (!narrow && (this.alone || document.fullscreenElement === root)) {
      const top = grid.getBoundingClientRect().top - root.getBoundingClientRect().top;
      const room = innerHeight - top - BELOW - GAP * (rows - 1);
      height = Math.min(room / rows, square);
    } else if (!narrow) {
      height = Math.min(square, track * 0.92 + CHROME);
    }
    height = Math.round(Math.max(LOWEST, Math.min(HIGHEST, height)));
    grid.style.setProperty("--card", `${height}px`);
  }

  close() {
    this.observer.disconnect();
    removeEventListener("resize", this.measure);
    document.removeEventListener("fullscreenchange", this.measure);
  }
}
