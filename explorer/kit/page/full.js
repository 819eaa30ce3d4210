/* Full screen for an element: the browser's own, or else the top layer. */

export class FullScreen {
  constructor(el) {
    this.el = el;
    this.onKey = (event) => {
      if (event.key === "Escape") {
        this.leaveLayer();
      }
    };
    this.onChange = () => {
      const on = document.fullscreenElement === this.el;
      this.el.classList.toggle("laf-full", on || this.el.hasAttribute("popover"));
    };
    document.addEventListener("fullscreenchange", this.onChange);
  }

  get on() {
    return document.fullscreenElement === this.el || this.el.hasAttribute("popover");
  }

  async toggle() {
    if (this.el.hasAttribute("popover")) {
      this.leaveLayer();
    } else if (document.fullscreenElement === this.el) {
      await document.exitFullscreen();
    } else {
      await this.enter();
    }
  }

  async enter() {
    try {
      await this.el.requestFullscreen();
    } catch {
      this.el.setAttribute("popover", "manual");
      this.el.classList.add("laf-full");
      this.el.showPopover();
      document.addEventListener("keydown", this.onKey);
    }
  }

  leaveLayer() {
    if (this.el.hasAttribute("popover")) {
      this.el.hidePopover();
      this.el.removeAttribute("popover");
    }
    this.el.classList.remove("laf-full");
    document.removeEventListener("keydown", this.onKey);
  }

  close() {
    document.removeEventListener("fullscreenchange", this.onChange);
    this.leaveLayer();
  }
}
