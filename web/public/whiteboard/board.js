// The board as this page knows it: strokes in the server's order, each part once, the own ones from
// the moment they are drawn. No socket, no page.
//
// A stroke is {order, author, number, colour, width, points, acked}; points is [x, y, pressure, ...];
// order is the offset of its beginning, Infinity until the server has told it.

export const kBoardWidth = 8192;
export const kBoardHeight = 6144;
const kHeadBytes = 8;
const kPointBytes = 5;
const kPointsPerPart = 512;

export class Board extends EventTarget {
  strokes = [];  // by order
  epoch = 0;
  author = 0;
  #seen = 0;  // no change up to this offset is missing
  #early = new Set();  // offsets that came before their turn
  #floor = 0;  // strokes below are gone
  #byOrder = new Map();
  #own = new Map();  // number → stroke
  #undone = new Set();  // numbers of own strokes taken back

  get offset() {
    return this.#seen;
  }

  begin(number, colour, width) {
    const stroke = { order: Infinity, author: this.author, number, colour, width, points: [], acked: 0 };
    this.#own.set(number, stroke);
    this.strokes.push(stroke);
    return stroke;
  }

  extend(stroke, points) {
    const from = stroke.points.length;
    stroke.points.push(...points);
    this.#tell("extended", { stroke, from });
  }

  lastOwn() {
    return this.strokes.findLast(({ number }) => this.#own.has(number)) ?? null;
  }

  // Takes an own stroke back, before the server says so.
  takeBack(stroke) {
    this.#undone.add(stroke.number);
    this.#remove(stroke);
    this.#tell("changed");
  }

  // What the server does not have: [[stroke, index of the first point], ...].
  unconfirmed() {
    return [...this.#own.values()]
      .filter((stroke) => stroke.acked < count(stroke))
      .map((stroke) => [stroke, stroke.acked]);
  }

  // A part that somebody drew, or an own one that comes back confirmed. False: points are missing,
  // so we have to catch up.
  drawn(bytes) {
    const view = new DataView(bytes);
    const [offset, floor, order, author] = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
    this.#advance(offset, floor);
    if (order < this.#floor) return true;
    const part = decodePart(bytes, 16);
    if (author === this.author && this.#undone.has(part.number)) return true;
    return this.#put(order, author, part);
  }

  undone(offset, floor, order) {
    this.#advance(offset, floor);
    const stroke = this.#byOrder.get(order);
    if (stroke) this.#remove(stroke);
    this.#tell("changed");
  }

  cleared(offset, floor) {
    this.#advance(offset, floor);
    this.#tell("changed");
  }

  // The state of the board, as far as it changed since our offset. Returns the numbers of own
  // strokes that the server still has though they were taken back.
  welcome({ me, epoch, offset, floor, orders, strokes }) {
    this.author = me.author;
    if (epoch !== this.epoch) this.#forgetConfirmed();
    this.epoch = epoch;
    const alive = new Set(new Uint32Array(orders.slice(0)));
    for (const stroke of [...this.#byOrder.values()]) {
      if (stroke.order <= offset && !alive.has(stroke.order)) this.#remove(stroke);
    }
    const back = [];
    const view = new DataView(strokes);
    for (let at = 0; at < strokes.byteLength; ) {
      const [order, author, size] = [0, 4, 8].map((by) => view.getUint32(at + by, true));
      const part = decodePart(strokes, at + 12, size);
      at += 12 + size;
      if (author === this.author && this.#undone.has(part.number)) back.push(part.number);
      else this.#put(order, author, part);
    }
    this.#seen = Math.max(offset, this.#seen);
    this.#early.forEach((each) => each <= this.#seen && this.#early.delete(each));
    this.#advance(this.#seen, floor);
    for (const stroke of this.#own.values()) stroke.author = this.author;
    this.#tell("changed");
    return back;
  }

  // Equal for pages that show the same picture.
  hash() {
    let hash = 0x811c9dc5;
    const mix = (value) => (hash = Math.imul(hash ^ value, 0x01000193) >>> 0);
    for (const { order, author, number, colour, width, points } of this.strokes) {
      for (const value of [order, author, number, colour, width, ...points]) mix(value);
    }
    return hash.toString(16);
  }

  #put(order, author, { number, colour, width, from, points }) {
    let stroke = this.#byOrder.get(order) ?? (author === this.author ? this.#own.get(number) : undefined);
    if (!stroke) {
      if (from > 0) return false;
      stroke = { order, author, number, colour, width, points: [], acked: 0 };
      if (author === this.author) this.#own.set(number, stroke);  // from before a reload
    }
    if (!this.#byOrder.has(order)) this.#place(stroke, order);
    const had = count(stroke);
    if (from > had) return false;
    stroke.acked = Math.max(stroke.acked, from + points.length / 3);
    if (from + points.length / 3 > had) {
      stroke.points.push(...points.slice((had - from) * 3));
      this.#tell("extended", { stroke, from: had * 3 });
    }
    return true;
  }

  // Others' strokes may have begun before ours reached the server.
  #place(stroke, order) {
    const old = this.strokes.indexOf(stroke);
    if (old >= 0) this.strokes.splice(old, 1);
    stroke.order = order;
    this.#byOrder.set(order, stroke);
    let index = this.strokes.length;
    while (index > 0 && this.strokes[index - 1].order > order) index--;
    this.strokes.splice(index, 0, stroke);
    if (old >= 0 ? old !== index : index !== this.strokes.length - 1) this.#tell("changed");
  }

  #advance(offset, floor) {
    if (offset > this.#seen) this.#early.add(offset);
    while (this.#early.delete(this.#seen + 1)) this.#seen++;
    if (floor <= this.#floor) return;
    this.#floor = floor;
    const gone = this.strokes.filter(({ order }) => order < floor);
    for (const stroke of gone) this.#remove(stroke);
    if (gone.length > 0) this.#tell("changed");
  }

  #remove(stroke) {
    const index = this.strokes.indexOf(stroke);
    if (index >= 0) this.strokes.splice(index, 1);
    this.#byOrder.delete(stroke.order);
    if (this.#own.get(stroke.number) === stroke) this.#own.delete(stroke.number);
    this.#tell("removed", { stroke });
  }

  #forgetConfirmed() {
    for (const stroke of [...this.#byOrder.values()]) this.#remove(stroke);
    this.#seen = 0;
    this.#floor = 0;
    this.#early.clear();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export function count(stroke) {
  return stroke.points.length / 3;
}

// The parts of a stroke from point `from` on, as the server takes them.
export function* encodeParts(stroke, from) {
  for (let first = from; first < count(stroke); first += kPointsPerPart) {
    const points = stroke.points.slice(first * 3, (first + kPointsPerPart) * 3);
    const bytes = new ArrayBuffer(kHeadBytes + (points.length / 3) * kPointBytes);
    const view = new DataView(bytes);
    view.setUint32(0, stroke.number, true);
    view.setUint8(4, stroke.colour);
    view.setUint8(5, stroke.width);
    view.setUint16(6, first, true);
    for (let i = 0, at = kHeadBytes; i < points.length; i += 3, at += kPointBytes) {
      view.setUint16(at, points[i], true);
      view.setUint16(at + 2, points[i + 1], true);
      view.setUint8(at + 4, points[i + 2]);
    }
    yield bytes;
  }
}

function decodePart(bytes, at, size = bytes.byteLength - at) {
  const view = new DataView(bytes, at, size);
  const points = [];
  for (let i = kHeadBytes; i < size; i += kPointBytes) {
    points.push(view.getUint16(i, true), view.getUint16(i + 2, true), view.getUint8(i + 4));
  }
  return {
    number: view.getUint32(0, true),
    colour: view.getUint8(4),
    width: view.getUint8(5),
    from: view.getUint16(6, true),
    points,
  };
}
