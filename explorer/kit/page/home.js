/* The home page in a browser: tiles and presets, and the explorers that they open.
 *
 * browser → kernel: "open" (name, preset), "link", "hand" (name), "leave", each with the
 *   view's `id` and a number `n`; the kernel answers by its traits `rooms`, `shown`,
 *   `problem` and `heard` (the number of the last request by view)
 * page of an explorer → home: the events "laf-leave", "laf-hand" and "laf-link"
 *
 * Where the page owns the address, the address says what is open: nothing for the tiles,
 * "#explorer=…" for an explorer as it is, "#laf=…" for an explorer and its state. The
 * browser's "back" works because every opening is an entry of its history.
 */

import { alone, dashboardOf, hashOf, place, put } from "./address.js";
import { h, unique } from "./dom.js";
import { lobby } from "./lobby.js";
import { Pulse } from "./pulse.js";
import { Theme } from "./theme.js";

class House {
  constructor(model, el) {
    this.model = model;
    this.id = unique();
    this.n = 0; // number of the last request
    this.mine = alone();
    this.rooms = new Map(); // name → the page of an explorer
    this.links = new Map(); // name → the link of its present state
    this.meant = ""; // the explorer that the address stands for
    this.at = ""; // the explorer on screen
    this.ended = false;
    this.title = document.title;
    this.lobby = lobby(model.get("tiles"), model.get("topics"), {
      mine: this.mine,
      open: (name, preset) => this.request({ kind: "open", name, preset }, name),
      flipTheme: () => this.theme.flip(),
    });
    this.root = h("div", { class: "laf-house" }, this.lobby.el);
    this.lobby.el.classList.toggle("laf-alone", this.mine);
    this.theme = new Theme(this.lobby.el, () => this.paint());
    this.paint();
    el.append(this.root);
    this.listen();
    this.settle();
    if (this.mine && location.hash) {
      this.follow();
    }
    this.lobby.el.dataset.ready = "true";
  }

  listen() {
    this.settle = this.settle.bind(this);
    this.follow = this.follow.bind(this);
    this.model.on("change:heard", this.settle);
    this.model.on("change:shown", this.settle);
    if (this.mine) {
      addEventListener("hashchange", this.follow);
    }
    this.pulse = new Pulse(this.model, () => this.end());
  }

  paint() {
    if (this.theme && this.mine) {
      document.body.classList.toggle("laf-dark-page", this.theme.now === "dark");
    }
  }

  request(message, name = "") {
    if (this.ended) {
      return;
    }
    this.n += 1;
    this.lobby.wait(name);
    try {
      this.model.send({ ...message, id: this.id, n: this.n });
    } catch {
      this.end();
    }
  }

  /* Goes where the address points. */
  follow() {
    const { link, name: asked, preset } = place();
    const name = link ? dashboardOf(link) : asked;
    const known = this.rooms.has(name) && !preset;
    this.meant = name;
    if (known && (!link || this.links.get(name) === link)) {
      this.open(name); // at once; the kernel is told
      this.request({ kind: "open", name });
    } else if (link) {
      this.request({ kind: "link", link }, name);
    } else if (name) {
      this.request({ kind: "open", name, preset }, name);
    } else {
      this.leave();
      this.request({ kind: "leave" });
    }
  }

  /* Shows what the kernel has opened, unless it has not heard the last request. */
  settle() {
    if ((this.model.get("heard")[this.id] ?? 0) < this.n) {
      return;
    }
    const name = this.model.get("shown");
    const problem = this.model.get("problem");
    this.lobby.wait("");
    this.lobby.complain(problem);
    if (name) {
      this.open(name);
    } else {
      if (problem && this.mine) {
        this.meant = "";
        put("", false);
      }
      this.leave();
    }
  }

  open(name) {
    this.enter(name).catch((error) => this.lobby.complain(error.message));
  }

  async enter(name) {
    const id = this.model.get("rooms")[name];
    let room = this.rooms.get(name);
    if (room?.id !== id) {
      room?.close();
      room = new Room(id, {
        leave: () => this.goHome(),
        hand: (other) => this.hand(other),
        link: (link) => this.keep(name, link),
      });
      this.rooms.set(name, room);
      this.links.delete(name);
      this.root.append(room.el);
      try {
        await room.furnish(this.model.widget_manager);
      } catch (error) {
        this.rooms.delete(name); // the next request builds it anew
        room.close();
        throw error;
      }
      if (this.model.get("shown") !== name) {
        return; // something else was opened meanwhile
      }
    }
    for (const [other, { el }] of this.rooms) {
      el.hidden = other !== name;
    }
    this.lobby.el.hidden = true;
    if (this.at !== name) {
      this.at = name;
      const title = this.lobby.titleOf(name);
      this.say(title);
      room.focus();
    }
    if (this.links.has(name)) {
      this.keep(name, this.links.get(name));
    }
  }

  leave() {
    const before = this.at;
    for (const { el } of this.rooms.values()) {
      el.hidden = true;
    }
    this.lobby.el.hidden = false;
    if (before) {
      this.at = "";
      this.say(this.title);
      this.lobby.focus(before);
    }
  }

  say(title) {
    if (this.mine) {
      document.title = title;
      scrollTo(0, 0);
    }
  }

  /* The button "Home" of an explorer. */
  goHome() {
    if (this.mine) {
      this.meant = "";
      put("", true);
    }
    this.leave();
    this.request({ kind: "leave" });
  }

  hand(name) {
    if (this.mine) {
      this.meant = name;
      put(hashOf({ explorer: name }), true);
    }
    this.request({ kind: "hand", name });
  }

  /* The state of an explorer has changed: the address follows the one that it means. */
  keep(name, link) {
    this.links.set(name, link);
    if (this.mine && this.meant === name) {
      put(hashOf({ laf: link }), false);
    }
  }

  end() {
    this.ended = true;
    this.lobby.end(this.mine ? "Reload the page" : "Run the cell again");
  }

  close() {
    this.model.off("change:heard", this.settle);
    this.model.off("change:shown", this.settle);
    removeEventListener("hashchange", this.follow);
    this.pulse.close();
    this.theme.close();
    for (const room of this.rooms.values()) {
      room.close();
    }
    this.root.remove();
  }
}

/* The place of one explorer on the page. */
class Room {
  constructor(id, { leave, hand, link }) {
    this.id = id;
    this.view = null;
    const on = {
      "laf-leave": leave,
      "laf-hand": ({ detail }) => hand(detail),
      "laf-link": ({ detail }) => link(detail),
    };
    this.el = h("div", { class: "laf-room", on });
  }

  async furnish(manager) {
    const model = await manager.get_model(this.id);
    this.view = await manager.create_view(model);
    this.el.append(this.view.el);
  }

  focus() {
    this.el.querySelector(".laf")?.focus({ preventScroll: true });
  }

  close() {
    this.view?.remove();
    this.el.remove();
  }
}

function render({ model, el }) {
  const house = new House(model, el);
  return () => house.close();
}

export default { render };
