// Everybody else's cursor, with a name at it. One that does not move for a while fades.

import { element, hue } from "../shared/page.js";
import { kBoardHeight, kBoardWidth } from "./board.js";

const kIdle = 8000;  // ms

export class Cursors {
  #shown = new Map();  // seat → {node, timer}

  constructor(session, layer) {
    Object.assign(this, { session, layer });
    session.addEventListener("cursor", ({ detail }) => this.#move(detail));
    session.addEventListener("members", () => this.#tidy());
  }

  #move({ seat, x, y }) {
    const name = this.session.members.get(seat);
    if (name === undefined || x === null) return this.#hide(seat);
    const shown = this.#shown.get(seat) ?? this.#make(seat, name);
    clearTimeout(shown.timer);
    shown.timer = setTimeout(() => this.#hide(seat), kIdle);
    shown.node.style.left = `${(x / kBoardWidth) * 100}%`;
    shown.node.style.top = `${(y / kBoardHeight) * 100}%`;
    shown.node.classList.toggle("leftwards", x > kBoardWidth * 0.8);
  }

  #make(seat, name) {
    const node = element("div", "cursor");
    node.dataset.testid = "cursor";
    node.style.setProperty("--hue", hue(name));
    node.append(element("span", "name", name));
    this.layer.append(node);
    const shown = { node, timer: undefined };
    this.#shown.set(seat, shown);
    return shown;
  }

  #hide(seat) {
    const shown = this.#shown.get(seat);
    clearTimeout(shown?.timer);
    shown?.node.remove();
    this.#shown.delete(seat);
  }

  #tidy() {
    for (const seat of this.#shown.keys()) {
      if (!this.session.members.has(seat)) this.#hide(seat);
    }
  }
}
