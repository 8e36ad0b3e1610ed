// A TCP relay on a bad day, for a server and for the clients behind it. What may go wrong, one
// thing at a time, each for a while: see `weathers`. TLS, if any, goes through it unread.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";

// How long a storm lasts: a little in CI, minutes by hand.
export const kSeconds = Number(process.env.CHAOS_SECONDS ?? 2);

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const upTo = (limit) => Math.floor(Math.random() * limit);

export class Storm {
  #pairs = new Set();
  #cutAfter = 0; // ms that a connection lives on average; 0: for ever
  #delayed = false;
  #noise = false; // bytes that nobody has sent
  #young = Infinity; // bytes after which a connection is cut
  #target;
  cuts = 0;
  counts = {}; // of each weather, and of the connections cut in it

  // `port` of the server; of another one, to whom clients must not listen.
  static async before(port, impostor) {
    const storm = new Storm();
    Object.assign(storm, { port, impostor });
    await storm.#open(0);
    return storm;
  }

  get url() {
    return `http://127.0.0.1:${this.listenedAt}`;
  }

  // Cuts connections, which live so many ms on average.
  begin(mean) {
    this.#cutAfter = mean;
    for (const pair of this.#pairs) this.#doom(pair);
  }
  calm() {
    this.#cutAfter = 0;
  }

  // What may happen. `server` has pause(), resume() and restart(), or only some of them.
  weathers(server, names) {
    const all = {
      "connections are cut": async (ms) => {
        this.begin(50);
        await wait(ms);
        this.calm();
      },
      "packets are late, and in pieces": async (ms) => {
        this.#delayed = true;
        await wait(ms);
        this.#delayed = false;
      },
      "the port is closed": async (ms) => {
        this.listener.close();
        for (const pair of this.#pairs) pair.cut();
        await wait(ms);
        await this.#open(this.listenedAt);
      },
      "the server is paused": async (ms) => {
        server.pause();
        await wait(3 * ms);
        server.resume();
      },
      "the server is killed": async () => server.restart(),
      "handshakes are cut": async (ms) => {
        this.#young = 1;
        for (const pair of this.#pairs) pair.cut();
        for (const end = Date.now() + ms; Date.now() < end; await wait(20)) this.#young = 1 + upTo(2000);
        this.#young = Infinity;
      },
      "somebody else answers": async (ms) => {
        this.#target = this.impostor;
        for (const pair of this.#pairs) pair.cut();
        await wait(ms);
        this.#target = undefined;
        for (const pair of this.#pairs) pair.cut();
      },
      "bytes are made up": async (ms) => {
        this.#noise = true;
        await wait(ms);
        this.#noise = false;
      },
    };
    return names.map((name) => [name, all[name]]);
  }

  // Each of them, again and again, with calm in between: a little, or until calm() is fulfilled.
  async rage(weathers, { seconds = kSeconds, calm = () => wait(upTo(200)) } = {}) {
    const end = Date.now() + seconds * 1000;
    do {
      for (const [name, happen] of weathers.toSorted(() => Math.random() - 0.5)) {
        this.now = name;
        this.#count(name);
        await happen(150 + upTo(250));
        this.now = "calm";
        await calm();
      }
    } while (Date.now() < end);
  }

  close() {
    for (const pair of this.#pairs) pair.cut();
    this.listener.close();
  }

  #count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async #open(port) {
    this.listener = net.createServer((client) => this.#relay(client));
    this.listener.listen(port, "127.0.0.1");
    await once(this.listener, "listening");
    this.listenedAt = this.listener.address().port;
  }

  #relay(client) {
    const server = net.connect(this.#target ?? this.port, "127.0.0.1");
    const pair = { client, server, bytes: 0, last: Promise.resolve() };
    pair.cut = () => {
      if (client.destroyed) return;
      this.cuts++;
      this.#count(`cut while ${this.now}`);
      client.destroy();
      server.destroy();
    };
    this.#pairs.add(pair);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("data", (bytes) => this.#pass(pair, to, bytes));
      // Sometimes the server goes on believing in a connection that is dead.
      from.on("close", () => (from === client && pair.halfDead ? setTimeout(() => to.destroy(), 2000).unref() : to.end()));
    }
    server.on("close", () => this.#pairs.delete(pair));
    if (this.#cutAfter > 0) this.#doom(pair);
  }

  #pass(pair, to, bytes) {
    pair.bytes += bytes.length;
    if (pair.bytes > this.#young) return pair.cut();
    if (this.#noise && Math.random() < 0.1) {
      const noise = Buffer.from(bytes);
      noise[upTo(noise.length)] ^= 1 + upTo(255);
      bytes = noise;
      this.#count("bytes made up");
    }
    if (!this.#delayed) return void pair.last.then(() => to.write(bytes));
    pair.last = pair.last.then(async () => {
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + upTo(Math.random() < 0.5 ? 8 : 2000);
        await wait(upTo(15));
        to.write(bytes.subarray(at, at + size));
        at += size;
      }
    });
  }

  #doom(pair) {
    const live = -Math.log(1 - Math.random()) * this.#cutAfter;
    setTimeout(() => {
      if (this.#cutAfter === 0) return;
      pair.halfDead = Math.random() < 0.3;
      if (!pair.halfDead) return pair.cut();
      this.cuts++;
      this.#count("dead, and the server does not know");
      pair.client.destroy();
    }, live).unref();
  }
}

// An authority of this run, a TLS server of its own before each plain port, and one that is not.
export class Tls {
  directory = mkdtempSync(join(tmpdir(), "naru-chaos-"));
  ca = join(this.directory, "ca.pem");
  listeners = [];
  fooled = 0; // bytes that clients have told the impostor

  constructor() {
    const openssl = (...args) =>
      execFileSync("openssl", args, { cwd: this.directory, stdio: ["ignore", "ignore", "pipe"] });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    const made = (name) => ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    openssl("req", "-x509", ...key, "-subj", "/CN=Chaos Root", ...made("ca"));
    openssl("req", "-x509", ...key, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", ...made("other"));
    openssl("req", "-new", ...key.slice(0, 5), "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr");
    writeFileSync(join(this.directory, "server.ext"), "subjectAltName=DNS:localhost");
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
      "-days", "1", "-extfile", "server.ext", "-out", "server.pem");
  }

  async #listen(name, onConnection) {
    const file = (end) => readFileSync(join(this.directory, `${name}.${end}`));
    const listener = tls.createServer({ cert: file("pem"), key: file("key") }, onConnection);
    listener.on("connection", (socket) => socket.on("error", () => {}));
    listener.on("tlsClientError", () => {});
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    this.listeners.push(listener);
    return listener.address().port;
  }

  // `port()` may change.
  before(port) {
    return this.#listen("server", (client) => {
      const server = net.connect(port(), "127.0.0.1");
      client.on("error", () => server.destroy());
      server.on("error", () => client.destroy());
      client.on("close", () => server.end());
      server.on("close", () => client.end());
      client.pipe(server).pipe(client);
    });
  }

  // Has a certificate of its own, and would hear whoever believes it.
  impostor() {
    return this.#listen("other", (client) => {
      client.on("error", () => {});
      client.on("data", (bytes) => (this.fooled += bytes.length));
    });
  }

  close() {
    for (const listener of this.listeners) listener.close();
    rmSync(this.directory, { recursive: true });
  }
}

// A server that is a process: made by start(port), which says {port, child}.
export class Mortal {
  restarts = 0;

  static async from(start) {
    const mortal = new Mortal();
    mortal.start = start;
    Object.assign(mortal, await start(0));
    return mortal;
  }

  pause() {
    this.child.kill("SIGSTOP");
  }
  resume() {
    this.child.kill("SIGCONT");
  }
  async restart() {
    await this.kill();
    this.restarts++;
    Object.assign(this, await this.start(this.port));
  }
  async kill() {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}
