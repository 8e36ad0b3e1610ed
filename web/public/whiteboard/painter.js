// Paints the board on a canvas: as sharp as the screen is, piece by piece while strokes grow, and
// all of it again when it has another size, or its pile another order.

import { kBoardHeight, kBoardWidth } from "./board.js";

const kUnit = 4;  // of a stroke's width, in the board's units
const kSettle = 250;  // ms after which strokes that grew get their tail, and their place in the pile

export class Painter {
  #asked = false;
  #settleTimer;

  constructor(board, canvas, frame) {
    Object.assign(this, { board, canvas, frame });
    this.context = canvas.getContext("2d");
    board.addEventListener("extended", ({ detail }) => this.#grow(detail));
    board.addEventListener("changed", () => this.#repaintSoon());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#readColours());
    new ResizeObserver(() => this.#resize()).observe(frame);
    this.#readColours();
    this.#resize();
  }

  // The place on the board of a place on the screen: [x, y], whole and within it.
  locate(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * kBoardWidth);
    const y = Math.round(((event.clientY - box.top) / box.height) * kBoardHeight);
    return [Math.min(Math.max(x, 0), kBoardWidth - 1), Math.min(Math.max(y, 0), kBoardHeight - 1)];
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colours = Array.from({ length: 9 }, (_, index) => style.getPropertyValue(`--pen-${index}`).trim());
    this.#repaintSoon();
  }

  // As large as fits, in the board's proportions.
  #resize() {
    const { clientWidth, clientHeight } = this.frame;
    const width = Math.floor(Math.min(clientWidth, (clientHeight * kBoardWidth) / kBoardHeight));
    const height = Math.floor((width * kBoardHeight) / kBoardWidth);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.#repaint();
    this.#watchDensity();
  }

  // A window that moves to another screen, or a zoom.
  #watchDensity() {
    this.density?.removeEventListener("change", this.onDensity);
    this.onDensity = () => this.#resize();
    this.density = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    this.density.addEventListener("change", this.onDensity, { once: true });
  }

  #repaintSoon() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#repaint());
  }

  #repaint() {
    this.#asked = false;
    clearTimeout(this.#settleTimer);
    const { context, canvas } = this;
    context.setTransform(canvas.width / kBoardWidth, 0, 0, canvas.height / kBoardHeight, 0, 0);
    context.clearRect(0, 0, kBoardWidth, kBoardHeight);
    context.lineCap = "round";
    context.lineJoin = "round";
    for (const stroke of this.board.strokes) {
      this.#paint(stroke, 0);
      this.#paintTail(stroke);
    }
  }

  #grow({ stroke, from }) {
    this.#paint(stroke, from);
    clearTimeout(this.#settleTimer);
    this.#settleTimer = setTimeout(() => this.#repaintSoon(), kSettle);
  }

  // From the point at `from` on: curves from middle to middle, with the points to bend them. Pieces
  // of one width are one path.
  #paint({ colour, width, points }, from) {
    const { context } = this;
    context.globalCompositeOperation = colour === 8 ? "destination-out" : "source-over";
    context.strokeStyle = context.fillStyle = colour === 8 ? "#000" : this.colours[colour];
    if (points.length === 3) return this.#dot(points, width);
    const middle = (i, axis) => (points[i + axis] + points[i + 3 + axis]) / 2;
    const last = points.length - 3;
    let present = 0;
    for (let i = Math.max(from - 6, 0); i < last; i += 3) {
      const wide = this.#breadth(width, points[i + 2]);
      if (wide !== present) {
        if (present) context.stroke();
        context.lineWidth = present = wide;
        context.beginPath();
        if (i === 0) context.moveTo(points[0], points[1]);
        else context.moveTo(middle(i - 3, 0), middle(i - 3, 1));
      }
      if (i === 0) context.lineTo(middle(0, 0), middle(0, 1));
      else context.quadraticCurveTo(points[i], points[i + 1], middle(i, 0), middle(i, 1));
    }
    context.stroke();
  }

  // From the last middle to the last point: not while a stroke grows, it may turn there.
  #paintTail({ width, points }) {
    const last = points.length - 3;
    if (last < 3) return;
    const { context } = this;
    context.lineWidth = this.#breadth(width, points[last - 1]);
    context.beginPath();
    context.moveTo((points[last - 3] + points[last]) / 2, (points[last - 2] + points[last + 1]) / 2);
    context.lineTo(points[last], points[last + 1]);
    context.stroke();
  }

  #dot([x, y, pressure], width) {
    this.context.beginPath();
    this.context.arc(x, y, this.#breadth(width, pressure) / 2, 0, 2 * Math.PI);
    this.context.fill();
  }

  // Steps, so that a hand's trembling does not cut a stroke into many paths. 128: no pen, no pressure.
  #breadth(width, pressure) {
    return width * kUnit * (0.4 + (1.2 * (pressure & 0xf0)) / 256);
  }
}
