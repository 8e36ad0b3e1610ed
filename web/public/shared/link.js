// One Socket.IO connection, and what it tells about itself. A session may hold two for a moment,
// while it changes from one transport to another.

const kTransports = {
  auto: ["polling", "websocket"],
  polling: ["polling"],
  websocket: ["websocket"],
};
const kRttEvery = 2000;  // ms
const kRttLimit = 10000;  // ms; slower is as good as none
const kComeBack = 1000;  // ms before we return to a server that sent us away

export class Link extends EventTarget {
  state = "connecting";  // then online, reconnecting, refused, closed
  inRoom = false;  // welcomed on the present connection; kept by the session
  attempt = 0;
  transport = null;
  rtt = null;

  constructor({ nsp, mode, auth }) {
    super();
    this.mode = mode;
    this.socket = globalThis.io(nsp, {
      path: "/socket.io/",
      transports: kTransports[mode],
      auth: (send) => send(auth()),
      forceNew: true,
      reconnectionDelay: 250,
      reconnectionDelayMax: 4000,
    });
    this.#watchConnection();
    this.#watchTransport();
  }

  get online() {
    return this.state === "online";
  }

  on(event, handler) {
    this.socket.on(event, handler);
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  close() {
    clearTimeout(this.rttTimer);
    clearTimeout(this.returnTimer);
    this.#change("closed");
    this.socket.disconnect();
  }

  #watchConnection() {
    const socket = this.socket;
    socket.on("connect", () => {
      this.attempt = 0;
      this.#change("online");
      this.#measure();
    });
    socket.on("disconnect", () => {
      clearTimeout(this.rttTimer);
      this.rtt = null;
      this.transport = null;
      if (this.state === "closed") return;
      this.#change("reconnecting");
      // After a disconnect by the server the client does not return by itself.
      if (!socket.active) this.returnTimer = setTimeout(() => socket.connect(), kComeBack);
    });
    socket.on("connect_error", (error) => {
      if (this.state === "closed") return;
      // Not active: the server answered and refused. Otherwise it did not answer, and the client
      // goes on trying.
      if (!socket.active) return this.#change("refused", error.message);
      this.#change(this.state, error.message);
    });
    socket.io.on("reconnect_attempt", (attempt) => {
      if (this.state === "closed") return;
      this.attempt = attempt;
      this.#change("reconnecting");
    });
  }

  #watchTransport() {
    this.socket.io.on("open", () => {
      const engine = this.socket.io.engine;
      this.#carriedBy(engine.transport.name, false);
      engine.on("upgrade", (transport) => this.#carriedBy(transport.name, true));
    });
  }

  #carriedBy(transport, upgraded) {
    if (this.state === "closed") return;
    this.transport = transport;
    this.dispatchEvent(new CustomEvent("transport", { detail: { upgraded } }));
    if (upgraded) this.#measure();
  }

  #measure() {
    clearTimeout(this.rttTimer);
    const start = performance.now();
    this.socket.timeout(kRttLimit).emit("rtt", (error) => {
      if (!this.online) return;
      this.rtt = error ? null : performance.now() - start;
      this.dispatchEvent(new Event("rtt"));
      clearTimeout(this.rttTimer);
      this.rttTimer = setTimeout(() => this.#measure(), kRttEvery);
    });
  }

  #change(state, error = "") {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { error } }));
  }
}
