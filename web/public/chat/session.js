// A person in a room, whatever happens to the connection below: every message goes out once and
// comes in once.
//
// Out: a message stays pending until the server acknowledged it. What a broken connection left in
// doubt is looked for in the history that comes with the next welcome, and sent again only if it
// is not there. In: messages are merged by id.
//
// A change of transport opens the new connection first and leaves the old one when the new one is
// in the room, so nothing can fall between the two.

import { Link } from "../shared/link.js";
import { recallIds, rememberIds } from "./settings.js";
import { Transcript } from "./transcript.js";

const kRetireLimit = 5000;  // ms an old connection may wait for its last acknowledgements
const kTypingLimit = 6000;  // ms after which a silent typist is no longer shown

export class Session extends EventTarget {
  transcript = new Transcript();
  members = new Map();  // id → name
  typists = new Map();  // id → {name, timer}
  me = null;
  link = null;
  next = null;  // the connection that is to replace `link`
  moving = false;

  #ids = new Set();  // every id this page has had: a new connection, a new id
  #pastIds = recallIds();  // and those before a reload

  constructor({ name, room, mode }) {
    super();
    Object.assign(this, { name, room, mode });
    this.joinedRoom = null;
  }

  start() {
    this.link = this.#open();
    this.#tell("state");
  }

  close() {
    this.link.close();
    this.next?.close();
  }

  setMode(mode) {
    this.mode = mode;
    this.next?.close();
    this.next = null;
    if (this.link.online && this.link.mode === mode) return;
    if (this.link.online) {
      this.next = this.#open();
      return;
    }
    this.#abandon(this.link);
    this.link.close();
    this.start();
  }

  say(text) {
    this.#post({ text });
  }

  sendImage(image) {
    this.#post({ image });
  }

  typing(on) {
    if (this.link.online) this.link.socket.volatile.emit("typing", on);
  }

  move(room) {
    if (!this.link.inRoom || this.moving || room === this.room) return;
    const previous = this.room;
    const link = this.link;
    this.moving = true;
    this.room = room;
    this.#tell("room");
    link.emit("move", room, (welcome) => {
      if (link !== this.link) return;  // its successor's welcome says where we are
      if (!welcome.error) return this.#welcomed(link, welcome);
      this.moving = false;
      this.room = previous;
      this.#tell("room");
      this.#tell("notice", welcome.error);
      this.#flush();
    });
  }

  #open() {
    const link = new Link({
      nsp: "/chat",
      mode: this.mode,
      auth: () => ({ name: this.name, room: this.room }),
    });
    const current = (handler) => (...args) => link === this.link && handler(...args);
    link.addEventListener("state", (event) => this.#linkChanged(link, event.detail.error));
    link.addEventListener("transport", current(({ detail }) => this.#tell("transport", detail)));
    link.addEventListener("rtt", current(() => this.#tell("rtt")));
    link.on("welcome", (welcome) => this.#welcomed(link, welcome));
    link.on("delivered", (id, who) => this.transcript.delivered(id, who.name));
    link.on("message", current((message) => this.#received(message)));
    link.on("joined", current((member) => this.#joined(member)));
    link.on("left", current((member) => this.#left(member)));
    link.on("typing", current((member, on) => this.#typed(member, on)));
    return link;
  }

  #linkChanged(link, error) {
    if (!link.online) {
      link.inRoom = false;
      this.#abandon(link);
    }
    if (link === this.link) {
      if (!link.online) this.moving = false;
      this.#tell("state", error);
    } else if (link === this.next && error) {
      this.#tell("notice", `No way through by ${link.mode} yet; staying on ${this.link.transport}.`);
    }
  }

  #welcomed(link, welcome) {
    const replaced = link === this.next ? this.link : null;
    if (replaced) {
      this.link = link;
      this.next = null;
    } else if (link !== this.link) {
      return;
    }
    const wanted = this.moving ? this.room : welcome.room;
    this.#enter(welcome);
    if (replaced) {
      this.#tell("transport", { upgraded: false });
      this.#retire(replaced);
      this.move(wanted);  // when a move was under way on the connection we leave
    }
  }

  #enter(welcome) {
    this.link.inRoom = true;
    this.moving = false;
    this.me = { id: welcome.id, name: welcome.name };
    this.#ids.add(welcome.id);
    rememberIds([...this.#pastIds, ...this.#ids]);
    if (welcome.room !== this.joinedRoom) this.transcript.reset();
    this.room = this.joinedRoom = welcome.room;
    for (const id of [...this.typists.keys()]) this.#typed({ id }, false);
    const others = welcome.members.filter(({ id }) => !this.#ids.has(id));
    this.members = new Map([this.me, ...others].map(({ id, name }) => [id, name]));
    const isMine = ({ from }) => this.#ids.has(from.id) || this.#pastIds.has(from.id);
    for (const entry of this.transcript.merge(welcome.history, isMine)) {
      if (!entry.mine) this.link.emit("got", entry.id);
    }
    this.#tell("room");
    this.#tell("members");
    this.#tell("state");
    this.#flush();
  }

  #received(message) {
    const entry = this.transcript.receive(message, this.#ids.has(message.from.id));
    this.#typed(message.from, false);
    if (entry && !entry.mine) this.link.emit("got", entry.id);
  }

  #joined({ id, name }) {
    if (this.#ids.has(id)) return;
    this.members.set(id, name);
    this.#tell("members");
  }

  #left({ id }) {
    this.#typed({ id }, false);
    if (this.members.delete(id)) this.#tell("members");
  }

  #typed({ id, name }, on) {
    if (this.#ids.has(id) || (!on && !this.typists.has(id))) return;
    clearTimeout(this.typists.get(id)?.timer);
    this.typists.delete(id);
    if (on) {
      const timer = setTimeout(() => this.#typed({ id }, false), kTypingLimit);
      this.typists.set(id, { name, timer });
    }
    this.#tell("typing");
  }

  #post(content) {
    this.transcript.addOwn(this.me ?? { id: "", name: this.name }, content);
    this.#flush();
  }

  // Sends what waits, in order. `via` is the connection that carries an entry now; `tried` says
  // that one ever did.
  #flush() {
    const link = this.link;
    if (!link.inRoom || this.moving) return;
    for (const entry of this.transcript.pending()) {
      if (entry.via === link) continue;
      if (entry.via) return;  // under way on the connection we leave: what follows waits for it
      Object.assign(entry, { via: link, tried: true });
      const answered = (answer) => {
        if (answer.error) this.transcript.fail(entry, answer.error);
        else this.transcript.confirm(entry, answer);
        link.dispatchEvent(new Event("answered"));
      };
      if (entry.text !== undefined) {
        link.emit("say", entry.text, answered);
      } else {
        const { type, name, data } = entry.image;
        link.emit("image", { type, name }, data, answered);
      }
    }
  }

  #abandon(link) {
    for (const entry of this.transcript.pending()) {
      if (entry.via === link) entry.via = null;
    }
  }

  #retire(link) {
    const close = () => {
      if (link.state === "closed") return;
      clearTimeout(timer);
      this.#abandon(link);
      link.close();
      this.#flush();
    };
    const timer = setTimeout(close, kRetireLimit);
    const check = () => {
      const waits = this.transcript.pending().some((entry) => entry.via === link);
      if (!waits || !link.online) close();
    };
    link.addEventListener("answered", check);
    link.addEventListener("state", () => link.state !== "closed" && check());
    check();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
