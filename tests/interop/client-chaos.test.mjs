// naru::Client on a bad day: its connections are cut, half of them without a word to the server,
// and the server is killed, stops answering, and comes back. With retries, what was acknowledged has
// arrived, everything arrives in the end, and in its order.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { it } from "node:test";
import { Server } from "socket.io";

import { Chaos } from "./lib/chaos.mjs";
import { CppClient } from "./lib/cpp-client.mjs";

const kMessages = 300;

class Mortal {
  firsts = []; // in order of their first arrival
  seen = new Set();
  port = 0;

  async start() {
    const http = createServer();
    this.io = new Server(http, { pingInterval: 200, pingTimeout: 400 });
    this.io.on("connection", (socket) =>
      socket.on("n", (n, answer) => {
        if (!this.seen.has(n)) this.firsts.push(n);
        this.seen.add(n);
        answer?.(n);
      }),
    );
    http.listen(this.port, "127.0.0.1");
    await once(http, "listening");
    this.port = http.address().port;
  }

  // Deaf and mute for so long, but its connections stand.
  pause(ms) {
    const end = Date.now() + ms;
    while (Date.now() < end);
  }

  async kill() {
    this.io.engine.close();
    await new Promise((done) => this.io.close(done));
  }
}

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  it(`loses nothing by ${transports.join(", then ")}`, { timeout: 120_000 }, async () => {
    const server = new Mortal();
    await server.start();
    const chaos = await Chaos.before(server);
    const cpp = new CppClient();
    cpp.tell("client", "c", chaos.url, {
      transports,
      reconnectionDelay: 10,
      reconnectionDelayMax: 100,
      timeout: 2000,
      retries: 1_000_000,
      ackTimeout: 500,
    });
    await cpp.next("connect", "c");
    chaos.begin(150);
    for (let n = 0; n < kMessages; ++n) cpp.tell("ask", "c", n, null, "n", n);
    for (let n = 0; n < kMessages; ++n) {
      const [, , error, value] = await cpp.next("answer", n);
      assert.equal(error, null);
      assert.equal(value, n);
      assert.ok(server.seen.has(n), "acknowledged, so it has arrived");
      if (n === 100) {
        await server.kill();
        await server.start();
      }
      if (n === 200) server.pause(1200);
      if (n === 250) chaos.calm();
    }
    assert.deepEqual(server.firsts, Array.from({ length: kMessages }, (_, n) => n));
    assert.ok(chaos.cuts > 0);
    await cpp.end();
    chaos.close();
    await server.kill();
  });
}

it("ends in the midst of it, whatever the state it is in", { timeout: 60_000 }, async () => {
  const server = new Mortal();
  await server.start();
  const chaos = await Chaos.before(server);
  chaos.begin(30);
  for (let round = 0; round < 10; ++round) {
    const cpp = new CppClient();
    for (let c = 0; c < 5; ++c) {
      cpp.tell("client", `${c}`, chaos.url, { reconnectionDelay: 1, reconnectionDelayMax: 5 });
      for (let n = 0; n < 20; ++n) cpp.tell("emit", `${c}`, "n", n);
    }
    await new Promise((done) => setTimeout(done, round * 15)); // anywhere will do
    await cpp.end();
  }
  chaos.close();
  await server.kill();
});
