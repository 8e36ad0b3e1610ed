// A person at a board. What is drawn goes out in parts and comes back confirmed; what a broken
// connection left unconfirmed is sent again after the next welcome, from the point up to which the
// server has it. What others drew meanwhile comes with that welcome: all that changed since our offset.

import { Link } from "../shared/link.js";
import { Board, count, encodeParts } from "./board.js";

const kPartEvery = 33;  // ms
const kCursorEvery = 50;  // ms
const kCursorRests = 250;  // ms
const kStrokePoints = 4000;  // then a stroke goes on as another one

export class Session extends EventTarget {
  board = new Board();
  members = new Map();  // seat → name
  me = null;
  link = null;
  #sent = new Map();  // stroke → points handed to the present connection
  #current = null;
  #number = crypto.getRandomValues(new Uint32Array(1))[0];  // a reload goes on somewhere else
  #cursorTimer;
  #cursor;

  constructor({ name, board, key, mode }) {
    super();
    Object.assign(this, { name, boardName: board, key, mode });
    this.board.addEventListener("removed", ({ detail }) => this.#sent.delete(detail.stroke));
  }

  start() {
    const { board } = this;
    const link = new Link({
      nsp: "/whiteboard",
      mode: this.mode,
      auth: () => ({ name: this.name, board: this.boardName, key: this.key, epoch: board.epoch, offset: board.offset }),
    });
    this.link = link;
    link.addEventListener("state", ({ detail }) => this.#linkChanged(detail.error));
    link.addEventListener("transport", () => this.#tell("state"));
    link.addEventListener("rtt", () => this.#tell("state"));
    link.on("welcome", (welcome) => this.#welcomed(welcome));
    link.on("joined", (member) => this.#joined(member));
    link.on("left", (seat) => this.#left(seat));
    link.on("drawn", (bytes) => board.drawn(bytes) || this.#comeAgain());
    link.on("undone", (...change) => board.undone(...change));
    link.on("cleared", (offset, floor, who) => this.#cleared(offset, floor, who));
    link.on("cursor", (seat, x, y) => this.#tell("cursor", { seat, x, y }));
  }

  get online() {
    return this.link.online && this.link.inRoom;
  }

  begin(colour, width) {
    this.#current = this.board.begin(this.#number++ >>> 0, colour, width);
  }

  draw(points) {
    const { colour, width } = this.#current;
    if (count(this.#current) + points.length / 3 > kStrokePoints) {
      const joint = this.#current.points.slice(-3);
      this.begin(colour, width);
      points = [...joint, ...points];
    }
    this.board.extend(this.#current, points);
    this.partTimer ??= setTimeout(() => this.#flush(), kPartEvery);
  }

  end() {
    this.#current = null;
    this.#flush();
  }

  undo() {
    const stroke = this.board.lastOwn();
    if (!stroke) return;
    const sent = stroke.acked > 0 || this.#sent.has(stroke);
    this.board.takeBack(stroke);
    if (sent && this.online) this.link.emit("undo", stroke.number);
  }

  clear() {
    if (this.online) this.link.emit("clear");
  }

  // Of the cursor only the latest place counts. On its way it may be lost; where it rests is sent
  // for certain.
  moveCursor(place) {
    this.#cursor = place;
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.online && this.link.emit("cursor", ...(this.#cursor ?? [null, null])), kCursorRests);
    this.#cursorTimer ??= setTimeout(() => {
      this.#cursorTimer = undefined;
      if (this.online) this.link.socket.volatile.emit("cursor", ...(this.#cursor ?? [null, null]));
    }, kCursorEvery);
  }

  #linkChanged(error) {
    if (!this.link.online) {
      this.link.inRoom = false;
      this.#sent.clear();
    }
    this.#tell("state", error);
  }

  #welcomed(welcome) {
    this.me = welcome.me;
    this.members = new Map(welcome.members.map(({ seat, name }) => [seat, name]));
    const back = this.board.welcome(welcome);
    this.link.inRoom = true;
    for (const number of back) this.link.emit("undo", number);
    this.#flush();
    this.#tell("members");
    this.#tell("state");
  }

  #flush() {
    clearTimeout(this.partTimer);
    this.partTimer = undefined;
    if (!this.online) return;
    for (const [stroke, acked] of this.board.unconfirmed()) {
      const from = Math.max(acked, this.#sent.get(stroke) ?? 0);
      for (const part of encodeParts(stroke, from)) this.link.emit("draw", part);
      this.#sent.set(stroke, count(stroke));
    }
  }

  #joined({ seat, name }) {
    this.members.set(seat, name);
    this.#tell("members");
  }

  #left(seat) {
    this.members.delete(seat);
    this.#tell("members");
  }

  #cleared(offset, floor, who) {
    const current = this.#current;
    this.board.cleared(offset, floor);
    // Wiped away under the pen: what follows is a stroke of its own.
    if (current && !this.board.strokes.includes(current)) {
      this.begin(current.colour, current.width);
    }
    this.#tell("notice", `${who} cleared the board.`);
  }

  // Something is missing between what we have and what came: a new welcome brings it.
  #comeAgain() {
    this.link.socket.disconnect().connect();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
