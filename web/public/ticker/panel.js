// One technique: its connection, what it brings, what that costs.

import { element } from "../shared/page.js";
import { Chart } from "./chart.js";
import { Stats } from "./stats.js";

const kShowEvery = 500;  // ms

export class Panel {
  #stats = new Stats();
  #chart = new Chart();

  constructor(technique, clock, onList) {
    Object.assign(this, { technique, clock, onList });
    this.node = element("li", "panel");
    this.node.dataset.testid = `panel-${technique.id}`;
    const head = element("div", "panel-head");
    this.dot = element("span", "dot");
    this.dot.setAttribute("aria-hidden", "true");
    this.state = element("span", "state", "connecting");
    head.append(this.dot, element("h2", "", technique.name), this.state);
    this.values = {};
    const list = element("dl", "stats");
    for (const [key, label] of Object.entries({ perSecond: "messages / s", bytes: "bytes each", latency: "latency" })) {
      const entry = element("div");
      this.values[key] = element("dd", "", "–");
      this.values[key].dataset.stat = key;
      entry.append(element("dt", "", label), this.values[key]);
      list.append(entry);
    }
    this.node.append(head, element("p", "how", technique.how), this.#chart.node, list);
    this.#setState("connecting");
  }

  start() {
    this.connection = this.technique.connect({
      onMessage: (text, bytes) => this.#received(text, bytes),
      onState: (state) => this.#setState(state),
      clock: this.clock,
    });
    setInterval(() => this.#show(), kShowEvery);
  }

  #received(text, bytes) {
    const list = JSON.parse(text);
    const now = this.clock.now();
    this.#stats.add(performance.now(), bytes, now === null ? null : Math.max(0, now - list.at));
    this.#chart.add(list);
    this.onList(list);
    this.node.dataset.total = this.#stats.total;
  }

  #show() {
    const { perSecond, bytes, latency } = this.#stats.summary(performance.now());
    this.values.perSecond.textContent = perSecond.toFixed(1);
    this.values.bytes.textContent = bytes === null ? "–" : String(Math.round(bytes));
    this.values.latency.textContent = latency === null ? "–" : latency < 1 ? "< 1 ms" : `${Math.round(latency)} ms`;
    this.#chart.draw(this.clock.now() ?? Date.now());
  }

  #setState(state) {
    this.node.dataset.state = state;
    if (this.state.textContent !== state) this.state.textContent = state;
  }
}
