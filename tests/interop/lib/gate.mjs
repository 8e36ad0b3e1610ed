// A TCP relay in front of a server that keeps WebSocket connections waiting until it is opened: so
// a test decides when an upgrade happens.

import net from "node:net";

export class Gate {
  #waiting = [];
  #sockets = new Set();
  #isOpen = false;
  #isBroken = false;

  static async before(server) {
    const gate = new Gate();
    gate.listener = net.createServer((client) => gate.#relay(client, server.port));
    await new Promise((ready) => gate.listener.listen(0, "127.0.0.1", ready));
    gate.port = gate.listener.address().port;
    gate.url = `http://127.0.0.1:${gate.port}`;
    return gate;
  }

  open() {
    this.#isOpen = true;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  // Cuts what goes through now and lets nothing in, until mend().
  break() {
    this.#isBroken = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isBroken = false;
  }

  close() {
    this.break();
    this.listener.close();
  }

  #relay(client, port) {
    if (this.#isBroken) return client.destroy();
    this.#keep(client);
    client.once("data", (first) => {
      client.pause();
      const pass = () => {
        if (client.destroyed) return;
        const upstream = net.connect(port, "127.0.0.1");
        this.#keep(upstream);
        upstream.write(first);
        client.pipe(upstream).pipe(client);
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.destroySoon());
      };
      const isUpgrade = /\r\nupgrade: websocket\r\n/i.test(first.toString("latin1"));
      if (isUpgrade && !this.#isOpen) this.#waiting.push(pass);
      else pass();
    });
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
