// Socket.IO (revision 5 of its protocol) by the npm client socket.io-client 4.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { io } from "socket.io-client";

import { Gate } from "./lib/gate.mjs";
import { startProfile } from "./lib/server.mjs";
import { collect, next, numbers } from "./lib/wait.mjs";

const kModes = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

// Connects clients of one server, and closes them all.
class Clients {
  #open = [];

  connect(server, namespace = "/", options = {}) {
    const socket = io(server.url + namespace, { forceNew: true, reconnection: false, ...options });
    this.#open.push(socket);
    return socket;
  }

  close() {
    for (const socket of this.#open) socket.disconnect();
  }
}

describe("socketio-v5", { timeout: 40_000 }, () => {
  let server;
  const clients = new Clients();
  const connect = (namespace, options) => clients.connect(server, namespace, options);

  before(async () => (server = await startProfile("socketio-v5")));
  after(async () => {
    clients.close();
    await server.stop();
  });

  for (const [mode, transports] of Object.entries(kModes)) {
    describe(mode, () => {
      async function ready(namespace) {
        const socket = connect(namespace, { transports });
        await next(socket, "connect");
        const engine = socket.io.engine;
        if (mode === "upgrade" && engine.transport.name !== "websocket") await next(engine, "upgrade");
        return socket;
      }

      it("connects with an id of its own", async () => {
        const socket = await ready();
        assert.match(socket.id, /^[A-Za-z0-9_-]{20}$/);
        assert.notEqual(socket.id, socket.io.engine.id);
        assert.equal(socket.io.engine.transport.name, transports.at(-1));
      });

      it("hands over the auth object", async () => {
        const auth = { token: "나루", deep: { list: [1, null, true] } };
        const socket = connect("/", { transports, auth });
        assert.deepEqual(await next(socket, "auth"), [auth]);
      });

      it("has an empty auth without one", async () => {
        assert.deepEqual(await next(connect("/", { transports }), "auth"), [{}]);
      });

      it("sends back all kinds of arguments", async () => {
        const socket = await ready();
        const cases = [
          [],
          [1, -0.5, 1e21, "two", true, null],
          [{ a: { b: [[], {}, ""] } }],
          ["나루 🚣 \u2028 \" \\ \u0000"],
          ["x".repeat(200_000)],
          [{ _placeholder: "no", num: 0 }],
        ];
        for (const args of cases) {
          const back = next(socket, "message-back");
          socket.emit("message", ...args);
          assert.deepEqual(await back, args);
        }
      });

      it("sends back binary, also deep inside", async () => {
        const socket = await ready();
        const bytes = Buffer.from(numbers(70_000).map((n) => n & 255));
        const args = [Buffer.from([1, 2, 3]), { list: ["a", bytes, { last: Buffer.alloc(0) }] }, "z"];
        const back = next(socket, "message-back");
        socket.emit("message", ...args);
        assert.deepEqual(await back, args);
      });

      it("acknowledges, with text and with binary", async () => {
        const socket = await ready();
        const args = [1, { b: Buffer.from([4, 5]) }, "three"];
        const answer = await new Promise((done) => socket.emit("message-with-ack", ...args, (...back) => done(back)));
        assert.deepEqual(answer, args);
        assert.equal(await socket.timeout(5000).emitWithAck("message-with-ack", "only"), "only");
      });

      it("matches acks to their events", async () => {
        const socket = await ready();
        const answers = numbers(300).map((n) => socket.timeout(10_000).emitWithAck("message-with-ack", n));
        assert.deepEqual(await Promise.all(answers), numbers(300));
      });

      it("asks for acks and takes the answer", async () => {
        const socket = await ready();
        const sent = ["in", Buffer.from([9])];
        const given = ["out", { bytes: Buffer.from([7, 8]) }];
        const asked = new Promise((done) =>
          socket.once("emit-with-ack", (...args) => {
            const ack = args.pop();
            const back = next(socket, "emit-with-ack");
            ack(...given);
            done(Promise.all([args, back]));
          }),
        );
        socket.emit("emit-with-ack", ...sent);
        assert.deepEqual(await asked, [sent, given]);
      });

      it("carries two namespaces on one connection", async () => {
        const main = await ready();
        const custom = main.io.socket("/custom", { auth: { for: "custom" } });
        assert.deepEqual(await next(custom, "auth"), [{ for: "custom" }]);
        assert.notEqual(custom.id, main.id);
        const back = [next(main, "message-back"), next(custom, "message-back")];
        main.emit("message", "main");
        custom.emit("message", Buffer.from("custom"));
        assert.deepEqual(await Promise.all(back), [["main"], [Buffer.from("custom")]]);
        // Leaving one leaves the other.
        custom.disconnect();
        const still = next(main, "message-back");
        main.emit("message", "still here");
        assert.deepEqual(await still, ["still here"]);
        // And one can come back.
        custom.connect();
        await next(custom, "connect");
        custom.disconnect();
      });

      it("refuses an unknown namespace and keeps the connection", async () => {
        const main = await ready();
        const nowhere = main.io.socket("/nowhere");
        const [error] = await next(nowhere, "connect_error");
        assert.equal(error.message, "Invalid namespace");
        assert.equal(await main.timeout(5000).emitWithAck("message-with-ack", "open"), "open");
      });

      it("outlives its heartbeat", async () => {
        const socket = await ready();
        await collect(socket.io, "ping").count(3);
        assert.equal(socket.connected, true);
      });
    });
  }

  it("delivers events of one connection in order, whatever their kind", async () => {
    const socket = connect("/", { transports: ["websocket"] });
    const back = collect(socket, "message-back", (n, extra) => {
      assert.equal(Buffer.isBuffer(extra), n % 2 === 1);
      return n;
    });
    await next(socket, "connect");
    for (const n of numbers(1000)) socket.emit("message", n, n % 2 ? Buffer.from([n & 255]) : "text");
    assert.deepEqual(await back.count(1000), numbers(1000));
  });

  it("sees to it that who leaves is gone for its own emits", async () => {
    const socket = connect("/", { transports: ["websocket"] });
    await next(socket, "connect");
    const gone = next(socket, "disconnect");
    socket.disconnect();
    assert.deepEqual((await gone)[0], "io client disconnect");
  });
});

describe("restart", { timeout: 30_000 }, () => {
  for (const [mode, transports] of Object.entries(kModes)) {
    it(`is survived by a client (${mode})`, async () => {
      const clients = new Clients();
      let server = await startProfile("socketio-v5");
      try {
        const socket = clients.connect(server, "/", {
          transports,
          reconnection: true,
          reconnectionDelay: 20,
          reconnectionDelayMax: 100,
        });
        await next(socket, "connect");
        const { id } = socket;
        const lost = next(socket, "disconnect");
        await server.stop();
        const [reason] = await lost;
        assert.notEqual(reason, "io server disconnect", "the client would not come back by itself");
        const back = next(socket, "message-back");
        socket.emit("message", "written meanwhile");
        const connected = next(socket, "connect");
        server = await startProfile("socketio-v5", server.port);
        await connected;
        assert.notEqual(socket.id, id);
        assert.deepEqual(await back, ["written meanwhile"]);
      } finally {
        clients.close();
        await server.stop();
      }
    });
  }
});

describe("load", { timeout: 40_000 }, () => {
  let server;
  const clients = new Clients();
  const connect = (options) => clients.connect(server, "/", options);

  before(async () => (server = await startProfile("load")));
  after(async () => {
    clients.close();
    await server.stop();
  });

  async function member(transports, room = "room") {
    const socket = connect({ transports });
    await next(socket, "connect");
    await socket.timeout(5000).emitWithAck("join", room);
    return socket;
  }

  it("reaches everybody in the room, by each transport, and nobody else", async () => {
    const members = await Promise.all(Object.values(kModes).map((transports) => member(transports)));
    const outsider = await member(["websocket"], "elsewhere");
    const heard = collect(outsider, "message");
    const all = members.map((socket) => collect(socket, "message"));
    for (const n of numbers(200)) members[0].emit("publish", { n, bytes: Buffer.from([n]) });
    const expected = numbers(200).map((n) => ({ n, bytes: Buffer.from([n]) }));
    for (const messages of all) assert.deepEqual(await messages.count(200), expected);
    // What the outsider would have got comes before the answer to what it sends now.
    outsider.emit("message", "only mine");
    await heard.count(1);
    assert.deepEqual(heard.items, ["only mine"]);
    for (const socket of [...members, outsider]) socket.disconnect();
  });

  it("keeps a thousand broadcasts in order for thirty members", async () => {
    const members = await Promise.all(numbers(30).map((n) => member(Object.values(kModes)[n % 3])));
    const all = members.map((socket) => collect(socket, "message"));
    for (const n of numbers(1000)) members[1].emit("publish", n);
    for (const messages of all) assert.deepEqual(await messages.count(1000), numbers(1000));
    for (const socket of members) socket.disconnect();
  });

  it("carries a message of several megabytes", async () => {
    const socket = connect({ transports: ["websocket"] });
    await next(socket, "connect");
    const bytes = Buffer.alloc(5_000_000, "naru");
    const back = next(socket, "message");
    socket.emit("message", bytes);
    assert.ok(bytes.equals((await back)[0]));
  });

  it("loses, repeats and reorders nothing while a client upgrades", async () => {
    const gate = await Gate.before(server);
    const publisher = await member(["websocket"], "elsewhere");
    const socket = clients.connect(gate, "/", { transports: kModes.upgrade });
    await next(socket, "connect");
    await socket.timeout(5000).emitWithAck("join", "room");
    const mine = [];
    const theirs = [];
    const done = new Promise((resolve) => {
      socket.on("message", (value) => {
        if (value === "end") resolve();
        else if (value.by === "me") mine.push(value.n);
        else theirs.push(value.n);
      });
    });
    let sent = 0;
    let upgradedAt = null;
    socket.io.engine.once("upgrade", () => (upgradedAt = sent));
    // Both directions at once, from before the upgrade until well after it; never far ahead of what
    // came back, or the upgrade would have to wait for a mountain.
    while (upgradedAt === null || sent < upgradedAt + 2000) {
      for (let burst = 0; burst < 5 && sent < mine.length + 100; burst++) {
        socket.emit("message", { by: "me", n: sent });
        publisher.emit("publish", { by: "them", n: sent });
        sent++;
      }
      if (mine.length > 500) gate.open();
      await turn();
    }
    assert.equal(socket.io.engine.transport.name, "websocket");
    // Both streams are through before the end is published.
    await publisher.timeout(10_000).emitWithAck("join", "elsewhere");
    await socket.timeout(10_000).emitWithAck("join", "room");
    publisher.emit("publish", "end");
    await done;
    gate.close();
    assert.deepEqual(mine, numbers(sent));
    assert.deepEqual(theirs, numbers(sent));
  });
});
