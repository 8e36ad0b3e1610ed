// Mouse, pen and touch on the canvas: one pointer draws at a time; the others only pass over.

const kNear = 6;  // board units; closer points are left out

export class Pen {
  #pointer = null;
  #last = null;

  constructor(session, painter, tools, canvas) {
    Object.assign(this, { session, painter, tools });
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.#up(event));
    }
    canvas.addEventListener("pointerleave", () => session.moveCursor(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #down(event) {
    if (event.button !== 0 || this.#pointer !== null || !this.session.me) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    event.target.setPointerCapture(event.pointerId);
    const { colour, width } = this.tools.chosen;
    this.session.begin(colour, width);
    this.#last = null;
    this.#draw([event]);
  }

  #move(event) {
    this.session.moveCursor(this.painter.locate(event));
    if (event.pointerId !== this.#pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    this.#draw(all.length > 0 ? all : [event]);
  }

  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.session.end();
    if (event.pointerType === "touch") this.session.moveCursor(null);
  }

  #draw(events) {
    const points = [];
    for (const event of events) {
      const [x, y] = this.painter.locate(event);
      if (this.#last && Math.hypot(x - this.#last[0], y - this.#last[1]) < kNear) continue;
      this.#last = [x, y];
      points.push(x, y, event.pointerType === "pen" ? Math.round(event.pressure * 255) : 128);
    }
    if (points.length > 0) this.session.draw(points);
  }
}
