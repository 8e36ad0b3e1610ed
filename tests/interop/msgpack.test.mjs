// The MessagePack parser: npm's socket.io-msgpack-parser 3 in socket.io-client 4.8 and 3.1, and its
// version 2 in 2.5.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { io as io4 } from "socket.io-client";
import io2 from "socket.io-client-2";
import io3 from "socket.io-client-3";
import parser from "socket.io-msgpack-parser";
import parser2 from "socket.io-msgpack-parser-2";

import { startProfile } from "./lib/server.mjs";
import { collect, next, numbers } from "./lib/wait.mjs";

const kModes = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const kClients = {
  "2.5": (url, options) => io2(url, { ...options, parser: parser2 }),
  "3.1": (url, options) => io3(url, { ...options, parser }),
  "4.8": (url, options) => io4(url, { ...options, parser }),
};
const kOptions = { forceNew: true, reconnection: false };

function ask(socket, event, ...args) {
  return new Promise((done) => socket.emit(event, ...args, (...answer) => done(answer)));
}

// Connected, and where a client upgrades, upgraded.
async function connect(url, client, transports, options = {}) {
  const socket = kClients[client](url, { ...kOptions, transports, ...options });
  await next(socket, "connect");
  const engine = socket.io.engine;
  if (transports.length > 1 && engine.transport.name !== "websocket") await next(engine, "upgrade");
  return socket;
}

it("carries one room of clients of every age and transport, text and binary", { timeout: 40_000 }, async () => {
  const server = await startProfile("load", 0, "--loops", "2", "--parser", "msgpack");
  const members = [];
  for (const client of Object.keys(kClients)) {
    for (const transports of Object.values(kModes)) {
      const socket = await connect(server.url, client, transports);
      await ask(socket, "join", "room");
      members.push(socket);
    }
  }
  const value = (n) => ({ n, text: "나루 😀 é", bytes: n % 2 ? Buffer.from([n, 0, 255]) : null });
  const all = members.map((socket) => collect(socket, "message"));
  for (const [i, member] of members.entries()) {
    for (const n of numbers(20)) member.emit("publish", value(n));
    for (const messages of all) await messages.count(20 * (i + 1));
  }
  const expected = members.flatMap(() => numbers(20).map(value));
  for (const messages of all) assert.deepEqual(messages.items, expected);
  for (const socket of members) socket.disconnect();
  await server.stop();
});

for (const client of Object.keys(kClients)) {
  describe(`socket.io-client ${client}`, { timeout: 40_000 }, () => {
    let server;
    const profile = client === "2.5" ? "socketio-v4" : "socketio-v5";
    before(async () => (server = await startProfile(profile, 0, "--parser", "msgpack")));
    after(async () => await server.stop());

    for (const [mode, transports] of Object.entries(kModes)) {
      const ready = (path = "/", options) => connect(server.url + path, client, transports, options);

      it(`sends back all kinds of arguments (${mode})`, async () => {
        const socket = await ready();
        const cases = [
          [],
          [1, -0.5, "two", true, null, { a: { b: [[], {}, ""] } }],
          [0, 127, 128, -32, -33, 65536, 2 ** 32, -(2 ** 40), 2 ** 53, 1e-300, Math.PI],
          ['나루 🚣 \u2028 " \\ \n \\n \u0000'],
          ["x".repeat(200_000), numbers(1000)],
          [Buffer.from([1, 2, 3]), { list: ["é", Buffer.alloc(70_000, "naru"), { last: Buffer.alloc(0) }] }],
        ];
        for (const args of cases) {
          const back = next(socket, "message-back");
          socket.emit("message", ...args);
          assert.deepEqual(await back, args);
        }
        socket.disconnect();
      });

      it(`acknowledges and is asked for acknowledgements (${mode})`, async () => {
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

      it(`joins and leaves namespaces (${mode})`, async () => {
        const socket = await ready();
        const custom = socket.io.socket("/custom");
        await next(custom, "connect");
        assert.deepEqual(await ask(custom, "message-with-ack", "here"), ["here"]);
        custom.disconnect();
        const refused = await next(socket.io.socket("/nowhere"), client === "2.5" ? "error" : "connect_error");
        assert.equal(refused[0].message ?? refused[0], "Invalid namespace");
        assert.deepEqual(await ask(socket, "message-with-ack", "still"), ["still"]);
        socket.disconnect();
      });
    }

    it("sends what JSON has no word for as JSON.stringify does", async () => {
      const socket = await connect(server.url, client, ["websocket"]);
      const back = next(socket, "message-back");
      const bytes = new Uint8Array([1, 2, 3]);
      socket.emit("message", undefined, new Date(1700000000123), NaN, bytes, bytes.buffer, { a: undefined });
      const [nothing, date, nan, view, buffer, object] = await back;
      assert.deepEqual([nothing, date, nan], [null, "2023-11-14T22:13:20.123Z", null]);
      assert.deepEqual(Buffer.from(view), Buffer.from(bytes));
      assert.deepEqual(Buffer.from(buffer), Buffer.from(bytes));
      assert.deepEqual(object, { a: null });
      socket.disconnect();
    });

    // 2.5 throws at what the server says first.
    if (client === "2.5") return;
    it("ends a client that speaks text", async () => {
      const plain = { "3.1": io3, "4.8": io4 }[client];
      const socket = plain(server.url, { ...kOptions, transports: ["websocket"] });
      await next(socket.io, "close");
      assert.equal(socket.connected, false);
      socket.disconnect();
    });
  });
}

it("recovers", { timeout: 40_000 }, async () => {
  const server = await startProfile("socketio-api", 0, "--loops", "2", "--parser", "msgpack");
  const client = (options) => io4(server.url, { ...kOptions, parser, ...options });
  const socket = client({ reconnection: true, reconnectionDelay: 200 });
  const publisher = client();
  await Promise.all([next(socket, "connect"), next(publisher, "connect")]);
  await socket.timeout(5000).emitWithAck("join", "room");
  const heard = collect(socket, "message", (...args) => args.slice(0, 2));
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
  const missed = [1, 2, 3].map((n) => [n, Buffer.from([n])]);
  assert.deepEqual(await heard.count(4), [[0, "text at the end"], ...missed]);
  assert.deepEqual(await socket.timeout(5000).emitWithAck("rooms"), [2, "room"]);
  socket.disconnect();
  publisher.disconnect();
  await server.stop();
});
