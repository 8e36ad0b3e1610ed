// The rest of Socket.IO's API, and connection state recovery, by the npm client socket.io-client 4.
// CHAOS_SECONDS: how long connections are cut at random (default 5).

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { io } from "socket.io-client";

import { startProfile } from "./lib/server.mjs";
import { Storm } from "./lib/storm.mjs";
import { collect, next, numbers } from "./lib/wait.mjs";

const kModes = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const kChaosSeconds = Number(process.env.CHAOS_SECONDS ?? 5);

let server;
const open = [];
function connect(namespace = "/", options = {}, url = server.url) {
  const socket = io(url + namespace, { forceNew: true, reconnection: false, ...options });
  open.push(socket);
  return socket;
}
async function ready(namespace, options, url) {
  const socket = connect(namespace, options, url);
  await next(socket, "connect");
  return socket;
}
const closeAll = () => open.splice(0).forEach((socket) => socket.disconnect());

before(async () => (server = await startProfile("socketio-api", 0, "--loops", "4")));
after(async () => {
  closeAll();
  await server.stop();
});

describe("api", { timeout: 40_000 }, () => {
  after(closeAll);

  it("makes namespaces by a pattern", async () => {
    const [one, two] = [await ready("/orders/1"), await ready("/orders/2")];
    assert.equal(await one.timeout(5000).emitWithAck("name"), "/orders/1");
    assert.equal(await two.timeout(5000).emitWithAck("name"), "/orders/2");
    const heard = collect(two, "all");
    one.emit("all", "mine");
    two.emit("all", "yours");
    await heard.count(1);
    assert.deepEqual(heard.items, ["yours"]);
    const [error] = await next(connect("/nowhere"), "connect_error");
    assert.equal(error.message, "Invalid namespace");
  });

  it("is let in, or refused, by a middleware that answers later", async () => {
    const [error] = await next(connect("/", { auth: { refuse: true } }), "connect_error");
    assert.equal(error.message, "refused");
    assert.deepEqual(error.data, { code: 7 });
    await ready();
  });

  it("asks all, and gets what there is in time", async () => {
    closeAll();
    const sockets = await Promise.all(numbers(8).map(() => ready()));
    sockets.slice(0, 6).forEach((socket, n) => socket.on("ask", (ack) => ack(n)));
    const answer = (ms) => new Promise((done) => sockets[0].emit("ask all", ms, (...all) => done(all)));
    assert.deepEqual(await answer(200), [15, 6, 2]);
    sockets.slice(6).forEach((socket) => socket.on("ask", (ack) => ack(100)));
    assert.deepEqual(await answer(5000), [215, 8, 0]);
  });

  it("fetches, moves and disconnects sockets", async () => {
    closeAll();
    const sockets = await Promise.all(numbers(6).map(() => ready()));
    const ids = await sockets[0].timeout(5000).emitWithAck("sockets");
    for (const socket of sockets) assert.ok(ids.includes(socket.id));
    await Promise.all(sockets.slice(0, 3).map((socket) => socket.timeout(5000).emitWithAck("join", "a")));
    const moved = sockets.slice(0, 3).map((socket) => next(socket, "moved"));
    sockets[5].emit("move all", "a", "b");
    await Promise.all(moved);
    const kicked = sockets.slice(0, 3).map((socket) => next(socket, "disconnect"));
    sockets[5].emit("kick", "b");
    for (const [reason] of await Promise.all(kicked)) assert.equal(reason, "io server disconnect");
    assert.equal(sockets[4].connected, true);
  });

  it("emits again until it is acknowledged", async () => {
    const socket = await ready();
    let asked = 0;
    socket.on("retried", (ack) => ++asked === 3 && ack(42));
    assert.equal(await socket.timeout(5000).emitWithAck("retry me"), 42);
    assert.equal(asked, 3);
  });
});

describe("recovery", { timeout: 60_000 + 2000 * kChaosSeconds }, () => {
  after(closeAll);

  for (const [mode, transports] of Object.entries(kModes)) {
    it(`gives back id, rooms, data and what was missed (${mode})`, async () => {
      const options = { transports, reconnection: true, reconnectionDelay: 200 };
      const socket = await ready("/", options);
      const publisher = await ready();
      await socket.timeout(5000).emitWithAck("join", "room");
      const heard = collect(socket, "message");
      publisher.emit("publish", 0, "text at the end");
      await heard.count(1);
      const { id } = socket;
      const gone = next(socket, "disconnect");
      socket.io.engine.close();
      await gone;
      const back = next(socket, "connect");
      for (const n of [1, 2, 3]) publisher.emit("publish", n, Buffer.from([n]));
      await back;
      assert.equal(socket.recovered, true);
      assert.equal(socket.id, id);
      assert.deepEqual(await heard.count(4), [0, 1, 2, 3]);
      assert.deepEqual(await socket.timeout(5000).emitWithAck("rooms"), [2, "room"]);
      socket.disconnect();
      socket.connect();
      await next(socket, "connect");
      assert.equal(socket.recovered, false);
      socket.disconnect();
      publisher.disconnect();
    });
  }

  it(`loses, repeats and reorders nothing while connections are cut for ${kChaosSeconds} s`, async () => {
    const storm = await Storm.before(server.port);
    const reconnecting = { reconnection: true, reconnectionDelay: 5, reconnectionDelayMax: 50, timeout: 2000 };
    const sockets = await Promise.all(
      numbers(12).map((n) => ready("/", { ...reconnecting, transports: Object.values(kModes)[n % 3] }, storm.url)),
    );
    await Promise.all(sockets.map((socket) => socket.timeout(5000).emitWithAck("join", "room")));
    let recovered = 0;
    let fresh = 0;
    for (const socket of sockets) socket.on("connect", () => (socket.recovered ? recovered++ : fresh++));
    const all = sockets.map((socket) => collect(socket, "message"));
    const publisher = await ready();
    storm.begin(300);
    const until = Date.now() + 1000 * kChaosSeconds;
    let sent = 0;
    while (Date.now() < until) {
      for (let burst = 0; burst < 5; burst++) publisher.emit("publish", sent++, "x".repeat(sent % 300));
      await pause(5);
    }
    storm.calm();
    for (const heard of all) await heard.count(sent, 20_000);
    for (const heard of all) assert.deepEqual(heard.items, numbers(sent));
    console.log(`# ${sent} messages to ${sockets.length} clients, ${storm.cuts} cuts, ${recovered} recoveries`);
    assert.equal(fresh, 0, "sessions that were not recovered");
    assert.ok(recovered >= 5 * kChaosSeconds, `${recovered} recoveries`);
    storm.close();
    closeAll();
  });

  it("honours the queue of a client that retries", async () => {
    const storm = await Storm.before(server.port);
    const socket = await ready(
      "/",
      { reconnection: true, reconnectionDelay: 5, reconnectionDelayMax: 50, retries: 1000, ackTimeout: 500 },
      storm.url,
    );
    const controller = await ready();
    storm.begin(200);
    for (const n of numbers(300)) socket.emit("once", n);
    const limit = Date.now() + 20_000;
    while ((await controller.timeout(5000).emitWithAck("count")) < 300) {
      assert.ok(Date.now() < limit, "not all have arrived");
      await pause(20);
    }
    storm.calm();
    storm.close();
    closeAll();
  });
});
