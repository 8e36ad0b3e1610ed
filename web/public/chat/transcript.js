// The messages of one room, in order, each once. Knows nothing of sockets or of the page.
//
// An entry is {key, id, from, at, text, image, mine, state, error, readers}; state is pending
// (the server may not have it), sent (it acknowledged), delivered (somebody's page got it) or
// failed (it refused).

const kLimit = 1000;  // entries kept

export class Transcript extends EventTarget {
  entries = [];
  #byId = new Map();
  #early = new Map();  // id → names: "delivered" may overtake the acknowledgement
  #nextKey = 1;

  // Empties the transcript for another room. What was written and never sent comes along.
  reset() {
    const kept = this.entries.filter((entry) => entry.state === "pending" && !entry.tried);
    this.entries = [];
    this.#byId.clear();
    this.#early.clear();
    this.dispatchEvent(new Event("reset"));
    for (const entry of kept) this.#insert(entry, this.entries.length);
  }

  pending() {
    return this.entries.filter((entry) => entry.state === "pending");
  }

  addOwn(from, content) {
    const entry = this.#entry({ id: null, from, at: Date.now(), ...content }, true);
    entry.state = "pending";
    this.#insert(entry, this.entries.length);
    return entry;
  }

  confirm(entry, { id, at }) {
    if (entry.state !== "pending") return;
    Object.assign(entry, { id, at, state: "sent" });
    this.#byId.set(id, entry);
    for (const name of this.#early.get(id) ?? []) this.#readBy(entry, name);
    this.#early.delete(id);
    this.#changed(entry);
  }

  fail(entry, error) {
    Object.assign(entry, { state: "failed", error });
    this.#changed(entry);
  }

  delivered(id, name) {
    const entry = this.#byId.get(id);
    if (!entry) {
      if (!this.#early.has(id)) this.#early.set(id, []);
      this.#early.get(id).push(name);
    } else if (entry.mine) {
      this.#readBy(entry, name);
      this.#changed(entry);
    }
  }

  // A message that arrived now. Returns its entry, or null if we had it.
  receive(message, mine) {
    return this.#place(message, mine, this.#beforePending()).fresh;
  }

  // The room's history, oldest first: what we lack goes in at its place. Returns the new entries.
  merge(history, isMine) {
    const fresh = [];
    let index = this.#beforePending();
    for (const message of history) {
      const placed = this.#place(message, isMine(message), index);
      if (placed.fresh) fresh.push(placed.fresh);
      index = this.entries.indexOf(placed.entry) + 1;
    }
    return fresh;
  }

  #place(message, mine, index) {
    const known = this.#byId.get(message.id);
    if (known) return { entry: known, fresh: null };
    const waiting = mine ? this.entries.find((entry) => isWaitingFor(entry, message)) : null;
    if (waiting) {
      // Its acknowledgement got lost with the connection; the message itself did not.
      this.confirm(waiting, message);
      return { entry: waiting, fresh: null };
    }
    const entry = this.#entry(message, mine);
    entry.state = mine ? "sent" : "received";
    this.#byId.set(entry.id, entry);
    this.#insert(entry, index);
    return { entry, fresh: entry };
  }

  #entry({ id, from, at, text, image }, mine) {
    return { key: this.#nextKey++, id, from, at, text, image, mine, error: "", readers: new Set() };
  }

  #beforePending() {
    let index = this.entries.length;
    while (index > 0 && this.entries[index - 1].state === "pending") index--;
    return index;
  }

  #insert(entry, index) {
    this.entries.splice(index, 0, entry);
    const detail = { entry, previous: this.entries[index - 1], next: this.entries[index + 1] };
    this.dispatchEvent(new CustomEvent("add", { detail }));
    if (this.entries.length > kLimit) this.#drop(this.entries.shift());
  }

  #drop(entry) {
    this.#byId.delete(entry.id);
    this.dispatchEvent(new CustomEvent("drop", { detail: { entry } }));
  }

  #readBy(entry, name) {
    entry.readers.add(name);
    entry.state = "delivered";
  }

  #changed(entry) {
    this.dispatchEvent(new CustomEvent("change", { detail: { entry } }));
  }
}

// Only what was handed to a connection can come back from the server.
function isWaitingFor(entry, message) {
  if (entry.state !== "pending" || !entry.tried) return false;
  if (message.text !== undefined) return entry.text === message.text;
  return (
    entry.image !== undefined &&
    entry.image.type === message.image.type &&
    entry.image.data.byteLength === message.image.data.byteLength
  );
}
