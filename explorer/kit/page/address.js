/* The address of the page as the dashboard's state: "#laf=…", outside of JupyterLab. */

const KEY = "laf";

/* Whether the dashboard is alone on the page and so may use its address. */
export function alone() {
  const voila =
    "voila" in document.body.dataset || location.pathname.includes("/voila/");
  return voila || !document.querySelector(".jp-LabShell, .jp-NotebookShell");
}

/* The fragment of an address that holds these values. */
export function hashOf(values) {
  return `#${Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&")}`;
}

/* What the address asks for: a state, or an explorer and its preset. */
export function place() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const word = (name) => asked.get(name) ?? "";
  return { link: word(KEY), name: word("explorer"), preset: word("preset") };
}

/* The dashboard that a link belongs to, "" if it does not say so. */
export function dashboardOf(link) {
  try {
    return JSON.parse(new URLSearchParams(link.slice(1)).get("dashboard")) ?? "";
  } catch {
    return "";
  }
}

/* Puts a fragment into the address, as a new entry of the history or in place. */
export function put(hash, fresh) {
  const url = new URL(location.href);
  url.hash = hash;
  if (url.href === location.href) {
    return;
  }
  try {
    if (fresh) {
      history.pushState(null, "", url);
    } else {
      history.replaceState(history.state, "", url);
    }
  } catch {
    // this frame has no address of its own, or it changes too often
  }
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
  /* `report` takes the state in the address; `home`, if there is one, keeps the address. */
  constructor(report, home = null) {
    this.mine = alone();
    this.report = report;
    this.home = home;
    this.asked = this.mine && !home ? found() : ""; // by whoever opened the page
    this.onChange = () => {
      if (found()) {
        this.report(found());
      }
    };
    if (this.mine && !home) {
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
    if (this.home) {
      this.home(link);
    } else if (this.mine && !this.asked && link) {
      put(hashOf({ [KEY]: link }), false);
    }
  }

  close() {
    removeEventListener("hashchange", this.onChange);
  }
}
