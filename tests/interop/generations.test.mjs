// Clients of every age on one server: socket.io-client 2.5 (Engine.IO 3), 3.1 and 4.8 (Engine.IO 4).

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { io as io4 } from "socket.io-client";
import io2 from "socket.io-client-2";
import io3 from "socket.io-client-3";

import { startProfile } from "./lib/server.mjs";
import { collect, next, numbers } from "./lib/wait.mjs";

const kModes = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const kClients = { "2.5": io2, "3.1": io3, "4.8": io4 };
const kOptions = { forceNew: true, reconnection: false };

function ask(socket, event, ...args) {
  return new Promise((done) => socket.emit(event, ...args, (...answer) => done(answer)));
}

// Connected, and where a client upgrades, upgraded.
async function connect(url, io, transports, options = {}) {
  const socket = io(url, { ...kOptions, transports, ...options });
  await next(socket, "connect");
  const engine = socket.io.engine;
  if (transports.length > 1 && engine.transport.name !== "websocket") await next(engine, "upgrade");
  assert.equal(engine.transport.name, transports.at(-1));
  return socket;
}

describe("one room", { timeout: 40_000 }, () => {
  let server;
  before(async () => (server = await startProfile("load", 0, "--loops", "2")));
  after(async () => await server.stop());

  it("is shared by clients of every age and transport, text and binary", async () => {
    const members = [];
    for (const io of Object.values(kClients)) {
      for (const transports of Object.values(kModes)) {
        const socket = await connect(server.url, io, transports);
        await ask(socket, "join", "room");
        members.push(socket);
      }
    }
    const value = (n) => ({ n, text: "나루 😀 é", bytes: n % 2 ? Buffer.from([n, 0, 255]) : null });
    const all = members.map((socket) => collect(socket, "message"));
    for (const [i, member] of members.entries()) {
      for (const n of numbers(20)) member.emit("publish", value(n));
      // In order per sender: the next one begins once everybody has all of this one.
      for (const messages of all) await messages.count(20 * (i + 1));
    }
    const expected = members.flatMap(() => numbers(20).map(value));
    for (const messages of all) assert.deepEqual(messages.items, expected);
    for (const socket of members) socket.disconnect();
  });

  it("is left by a client before and after its upgrade with everybody else staying", async () => {
    const old = await connect(server.url, io2, ["polling"]);
    const stays = await connect(server.url, io4, ["websocket"]);
    await ask(stays, "join", "lonely");
    await ask(old, "join", "lonely");
    old.disconnect();
    const heard = collect(stays, "message");
    stays.emit("publish-nowhere", 1);
    stays.emit("message", "mine");
    await heard.count(1);
    stays.disconnect();
  });
});

describe("socket.io-client 2.5", { timeout: 60_000 }, () => {
  let server;
  before(async () => (server = await startProfile("socketio-v4", 0, "--loops", "2")));
  after(async () => await server.stop());

  for (const [mode, transports] of Object.entries(kModes)) {
    describe(mode, () => {
      const ready = (path = "/", options) => connect(server.url + path, io2, transports, options);

      it("has the id of its connection", async () => {
        const socket = await ready();
        assert.equal(socket.id, socket.io.engine.id);
        const custom = socket.io.socket("/custom");
        await next(custom, "connect");
        assert.equal(custom.id, `/custom#${socket.io.engine.id}`);
        socket.disconnect();
      });

      it("sends back all kinds of arguments", async () => {
        const socket = await ready();
        const cases = [
          [],
          [1, -0.5, "two", true, null, { a: { b: [[], {}, ""] } }],
          ["나루 🚣 \u2028 \" \\ \n \\n \u0000"],
          ["x".repeat(200_000)],
          [Buffer.from([1, 2, 3]), { list: ["é", Buffer.alloc(70_000, "naru"), { last: Buffer.alloc(0) }] }],
        ];
        for (const args of cases) {
          const back = next(socket, "message-back");
          socket.emit("message", ...args);
          assert.deepEqual(await back, args);
        }
        socket.disconnect();
      });

      it("acknowledges and is asked for acknowledgements", async () => {
        const socket = await ready();
        const args = [1, { b: Buffer.from([4, 5]) }, "three"];
        assert.deepEqual(await ask(socket, "message-with-ack", ...args), args);
        const asked = new Promise((done) =>
          socket.once("emit-with-ack", (...got) => {
            const back = next(socket, "emit-with-ack");
            got.pop()("out", Buffer.from([7]));
            done(Promise.all([got, back]));
          }),
        );
        socket.emit("emit-with-ack", "in");
        assert.deepEqual(await asked, [["in"], ["out", Buffer.from([7])]]);
        socket.disconnect();
      });

      it("shows its query as auth, and only to the namespace that it is for", async () => {
        const socket = io2(server.url, { ...kOptions, transports, query: { for: "engine" } });
        const auth = next(socket, "auth");
        assert.deepEqual(await auth, [{}]);
        const custom = socket.io.socket("/custom", { query: { token: "나 루&=", x: 2 } });
        assert.deepEqual(await next(custom, "auth"), [{ token: "나 루&=", x: "2" }]);
        const back = next(custom, "message-back");
        custom.emit("message", Buffer.from("custom"));
        assert.deepEqual(await back, [Buffer.from("custom")]);
        custom.disconnect();
        const still = next(socket, "message-back");
        socket.emit("message", "still here");
        assert.deepEqual(await still, ["still here"]);
        socket.disconnect();
      });

      it("is told of a namespace that does not exist", async () => {
        const socket = await ready();
        const [error] = await next(socket.io.socket("/nowhere"), "error");
        assert.deepEqual(error, { message: "Invalid namespace" });
        assert.deepEqual(await ask(socket, "message-with-ack", "open"), ["open"]);
        socket.disconnect();
      });

      it("outlives its heartbeat", async () => {
        const socket = await ready();
        await collect(socket.io.engine, "heartbeat").count(3);
        assert.equal(socket.connected, true);
        socket.disconnect();
      });
    });
  }
});

it("refuses clients of the past unless told otherwise", { timeout: 20_000 }, async () => {
  const server = await startProfile("socketio-v5");
  const socket = io2(server.url, { ...kOptions, transports: ["polling"] });
  await next(socket, "connect_error");
  socket.disconnect();
  await server.stop();
});
