// Engine.IO revision 4 by the npm client engine.io-client 6.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Socket } from "engine.io-client";

import { Gate } from "./lib/gate.mjs";
import { RawWebSocket, request } from "./lib/raw.mjs";
import { startProfile } from "./lib/server.mjs";
import { collect, next, numbers } from "./lib/wait.mjs";

const kModes = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

describe("engineio-v4", { timeout: 40_000 }, () => {
  let server;
  const open = [];

  before(async () => (server = await startProfile("engineio-v4")));
  after(async () => {
    for (const socket of open) socket.close();
    RawWebSocket.destroyAll();
    await server.stop();
  });

  function connect(transports, options = {}) {
    const socket = new Socket(`ws://127.0.0.1:${server.port}`, { path: "/engine.io/", transports, ...options });
    socket.binaryType = "nodebuffer";
    socket.on("error", () => {});  // tests look at "close"
    open.push(socket);
    return socket;
  }

  for (const [mode, transports] of Object.entries(kModes)) {
    describe(mode, () => {
      async function ready() {
        const socket = connect(transports);
        await next(socket, mode === "upgrade" ? "upgrade" : "open");
        return socket;
      }

      it("opens with the options of the profile", async () => {
        const socket = connect(transports);
        const [handshake] = await next(socket, "handshake");
        assert.deepEqual(Object.keys(handshake), ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
        assert.match(handshake.sid, /^[A-Za-z0-9_-]{20}$/);
        assert.deepEqual(handshake.upgrades, transports[0] === "polling" ? ["websocket"] : []);
        assert.deepEqual([handshake.pingInterval, handshake.pingTimeout, handshake.maxPayload], [300, 200, 1_000_000]);
      });

      it("echoes text of any language and length", async () => {
        const socket = await ready();
        for (const text of ["hello", "나루 — ärger 🚣", "\u2028\u0000\u001f", "b64?", "x".repeat(200_000)]) {
          const answer = next(socket, "message");
          socket.send(text);
          assert.equal((await answer)[0], text);
        }
      });

      it("echoes binary of any length", async () => {
        const socket = await ready();
        for (const length of [0, 1, 2, 3, 125, 126, 65536, 300_000]) {
          const bytes = Buffer.from(numbers(length).map((n) => (n * 13) & 255));
          const answer = next(socket, "message");
          socket.send(bytes);
          const [data] = await answer;
          assert.ok(Buffer.isBuffer(data), `${length}: not binary`);
          assert.ok(bytes.equals(data), `${length} bytes`);
        }
      });

      it("keeps text and binary in order", async () => {
        const socket = await ready();
        const messages = collect(socket, "message", (data) => (Buffer.isBuffer(data) ? data.readUInt16BE(0) : Number(data)));
        for (const n of numbers(600)) socket.send(n % 3 === 0 ? Buffer.from([n >> 8, n & 255]) : String(n));
        assert.deepEqual(await messages.count(600), numbers(600));
      });

      it("lives through several heartbeats", async () => {
        const socket = await ready();
        const pings = collect(socket, "ping");
        await pings.count(4);
        assert.equal(socket.readyState, "open");
      });

      it("ends the session when the client closes", async () => {
        const socket = await ready();
        const { id } = socket;
        const closed = next(socket, "close");
        socket.close();
        await closed;
        // A WebSocket's end may still be on its way to the server.
        let answer;
        do {
          answer = await request(server, `/engine.io/?EIO=4&transport=polling&sid=${id}`);
        } while (answer.body.includes('"code":3'));
        assert.deepEqual([answer.status, answer.body], [400, '{"code":1,"message":"Session ID unknown"}']);
      });
    });
  }

  it("loses, repeats and reorders nothing while it upgrades", async () => {
    const gate = await Gate.before(server);
    const socket = new Socket(`ws://127.0.0.1:${gate.port}`, { path: "/engine.io/", transports: kModes.upgrade });
    open.push(socket);
    const messages = collect(socket, "message", Number);
    await next(socket, "open");
    let sent = 0;
    let upgradedAt = null;
    socket.once("upgrade", () => (upgradedAt = sent));
    while (upgradedAt === null || sent < upgradedAt + 1000) {
      // Never far ahead of the echo, or the upgrade would have to wait for a mountain.
      for (let burst = 0; burst < 5 && sent < messages.items.length + 100; burst++) socket.send(String(sent++));
      if (messages.items.length > 500) gate.open();
      await turn();
    }
    assert.deepEqual(await messages.count(sent), numbers(sent));
    socket.close();
    gate.close();
  });

  it("upgrades twenty clients at once", async () => {
    await Promise.all(
      numbers(20).map(async (client) => {
        const socket = connect(kModes.upgrade);
        const messages = collect(socket, "message");
        const upgraded = next(socket, "upgrade");
        const expected = numbers(100).map((n) => `${client}:${n}`);
        for (const text of expected.slice(0, 50)) socket.send(text);
        await upgraded;
        for (const text of expected.slice(50)) socket.send(text);
        assert.deepEqual(await messages.count(100), expected);
      }),
    );
  });

  it("closes a WebSocket that leaves its ping unanswered", async () => {
    const raw = await RawWebSocket.open(server, "/engine.io/?EIO=4&transport=websocket");
    assert.match((await raw.frame()).payload.toString(), /^0\{"sid":"/);
    assert.equal((await raw.frame()).payload.toString(), "2");
    await raw.closeCode();
  });

  it("forgets a polling session that leaves its ping unanswered", async () => {
    const opened = await request(server, "/engine.io/?EIO=4&transport=polling");
    const path = `/engine.io/?EIO=4&transport=polling&sid=${JSON.parse(opened.body.slice(1)).sid}`;
    assert.equal((await request(server, path)).body, "2");
    // Held until the time is out; what comes then is a close, or the news that the session is gone.
    await request(server, path).catch(() => {});
    const answer = await request(server, path);
    assert.deepEqual([answer.status, answer.body], [400, '{"code":1,"message":"Session ID unknown"}']);
  });

  it("is missed by the client when it stands still", async () => {
    const stopped = await startProfile("engineio-v4");
    const socket = new Socket(`ws://127.0.0.1:${stopped.port}`, { path: "/engine.io/", transports: ["websocket"] });
    await next(socket, "open");
    const closed = next(socket, "close");
    stopped.child.kill("SIGSTOP");
    const [reason] = await closed;
    stopped.child.kill("SIGCONT");
    assert.equal(reason, "ping timeout");
    await stopped.stop();
  });
});
