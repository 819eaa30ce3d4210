/* Watches the kernel of a page, and reports its end once. */

const ENDED = new Set(["dead", "terminating", "restarting", "autorestarting"]);
const UNKNOWN = 404; // the server's answer about a kernel that it does not run
const PERIOD = 10_000; // ms between two questions: a kernel may end without a word

export class Pulse {
  constructor(model, ended) {
    this.model = model;
    this.kernel = model.widget_manager?.kernel ?? null; // not all front ends tell
    this.end = () => {
      if (!this.closed) {
        this.close();
        ended();
      }
    };
    this.onStatus = (_, status) => ENDED.has(status) && this.end();
    this.onConnection = (_, status) => status === "disconnected" && this.end();
    this.timer = setInterval(() => document.hidden || this.ask(), PERIOD);
    this.model.on("comm:close", this.end);
    this.kernel?.statusChanged?.connect(this.onStatus);
    this.kernel?.connectionStatusChanged?.connect(this.onConnection);
    this.kernel?.disposed?.connect(this.end);
  }

  /* Asks the server whether the kernel has ended. */
  async ask() {
    const { id, serverSettings } = this.kernel ?? {};
    if (!id || !serverSettings) {
      return;
    }
    const { baseUrl, token } = serverSettings;
    try {
      const headers = token ? { Authorization: `token ${token}` } : {};
      const answer = await fetch(`${baseUrl}api/kernels/${id}`, { headers });
      if (answer.status === UNKNOWN) {
        this.end();
      }
    } catch {
      // no server answers: the front end tries again, and gives up by itself
    }
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    this.model.off("comm:close", this.end);
    this.kernel?.statusChanged?.disconnect(this.onStatus);
    this.kernel?.connectionStatusChanged?.disconnect(this.onConnection);
    this.kernel?.disposed?.disconnect(this.end);
  }
}
