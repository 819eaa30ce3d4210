/* The address of the page as the dashboard's state: "#laf=…", outside of JupyterLab. */

const KEY = "laf";

/* Whether the dashboard is alone on the page and so may use its address. */
export function alone() {
  const voila =
    "voila" in document.body.dataset || location.pathname.includes("/voila/");
  return voila || !document.querySelector(".jp-LabShell, .jp-NotebookShell");
}

function found() {
  return new URLSearchParams(location.hash.slice(1)).get(KEY) ?? "";
}

/* The address of this page with a state, without the token that opened it. */
export function addressOf(link) {
  const url = new URL(location.href);
  url.searchParams.delete("token");
  url.hash = link ? `${KEY}=${encodeURIComponent(link)}` : "";
  return url.href;
}

export class Address {
  constructor(report) {
    this.mine = alone();
    this.report = report;
    this.asked = this.mine ? found() : ""; // by whoever opened the page
    this.onChange = () => {
      if (found()) {
        this.report(found());
      }
    };
    if (this.mine) {
      addEventListener("hashchange", this.onChange); // the user entered another one
    }
  }

  /* Reports the state that the page was opened with, once. */
  open() {
    const link = this.asked;
    this.asked = "";
    if (link) {
      this.report(link);
    }
  }

  write(link) {
    if (!this.mine || this.asked || !link || link === found()) {
      return;
    }
    const url = new URL(location.href);
    url.hash = `${KEY}=${encodeURIComponent(link)}`;
    try {
      history.replaceState(history.state, "", url);
    } catch {
      // this frame has no address of its own
    }
  }

  close() {
    removeEventListener("hashchange", this.onChange);
  }
}
