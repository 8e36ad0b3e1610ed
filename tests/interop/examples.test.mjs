// The examples do what their comments say.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { startProgram } from "./lib/server.mjs";

async function withExample(name, use) {
  const server = await startProgram(`example_${name}`, ["0"]);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

describe("examples", { timeout: 20_000 }, () => {
  it("chat: two clients hear each other, and the server adds", () =>
    withExample("chat", async (server) => {
      const connect = () => io(`http://127.0.0.1:${server.port}/chat`, { forceNew: true });
      const mina = connect();
      await once(mina, "connect");
      const jonas = connect();
      const [[joined]] = await Promise.all([once(mina, "joined"), once(jonas, "connect")]);
      assert.equal(joined, jonas.id);
      const said = once(jonas, "said");
      mina.emit("say", "안녕");
      assert.deepEqual(await said, [mina.id, "안녕"]);
      assert.equal(await mina.emitWithAck("add", 2, 3), 5);
      const left = once(mina, "left");
      const leaving = jonas.id;
      jonas.disconnect();
      assert.deepEqual(await left, [leaving, "client namespace disconnect"]);
      mina.disconnect();
    }));

  it("echo: text and binary come back, and the feed reaches its visitors", () =>
    withExample("echo", async (server) => {
      const open = async (path) => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
        await once(socket, "open");
        return socket;
      };
      const echo = await open("/echo");
      for (const message of [Buffer.from("hello"), Buffer.from([0, 255])]) {
        const back = once(echo, "message");
        echo.send(message, { binary: message[0] === 0 });
        assert.deepEqual(await back, [message, message[0] === 0]);
      }
      const visitors = [await open("/feed"), await open("/feed")];
      const heard = visitors.map((visitor) => once(visitor, "message"));
      visitors[0].send("low tide");
      for (const message of await Promise.all(heard)) assert.equal(String(message[0]), "low tide");
      for (const socket of [echo, ...visitors]) {
        socket.close();
        await once(socket, "close");
      }
    }));
});
