// A TCP relay that breaks what goes through it, at random: both ends at once, or the client's only,
// so that the server goes on believing in a connection that is dead.

import net from "node:net";

export class Chaos {
  #sockets = new Set();
  #timers = new Set();
  #mean = 0; // ms that a connection lives on average; 0: for ever
  cuts = 0;

  static async before(server) {
    const chaos = new Chaos();
    chaos.listener = net.createServer((client) => chaos.#relay(client, server.port));
    await new Promise((ready) => chaos.listener.listen(0, "127.0.0.1", ready));
    chaos.url = `http://127.0.0.1:${chaos.listener.address().port}`;
    return chaos;
  }

  begin(mean) {
    this.#mean = mean;
    for (const socket of this.#sockets) if (socket.upstream) this.#doom(socket);
  }

  calm() {
    this.#mean = 0;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  close() {
    this.calm();
    for (const socket of this.#sockets) socket.destroy();
    this.listener.close();
  }

  #relay(client, port) {
    const upstream = net.connect(port, "127.0.0.1");
    client.upstream = upstream;
    this.#keep(client);
    this.#keep(upstream);
    client.pipe(upstream).pipe(client);
    client.once("close", () => client.halfDead || upstream.destroy());
    upstream.once("close", () => client.destroy());
    if (this.#mean > 0) this.#doom(client);
  }

  #doom(client) {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (client.destroyed) return;
        this.cuts++;
        if (Math.random() < 0.3) {
          client.halfDead = true;
          setTimeout(() => client.upstream.destroy(), 2000).unref();
        }
        client.destroy();
      },
      -Math.log(1 - Math.random()) * this.#mean,
    );
    this.#timers.add(timer);
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
