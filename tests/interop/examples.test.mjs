// The examples do what their comments say.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { programPath, startProgram } from "./lib/server.mjs";

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

  it("own_loop: what is typed and what arrives come through one poll()", () =>
    withExample("chat", async (server) => {
      const url = `http://127.0.0.1:${server.port}/chat`;
      const jonas = io(url, { forceNew: true });
      await once(jonas, "connect");
      const mina = spawn(programPath("example_own_loop"), [url], { stdio: ["pipe", "pipe", "inherit"] });
      const lines = createInterface({ input: mina.stdout })[Symbol.asyncIterator]();
      const line = async () => (await lines.next()).value;
      assert.match(await line(), /^connected as /);
      assert.equal(await line(), "2 + 3 = 5");
      const said = once(jonas, "said");
      mina.stdin.write("안녕\n");
      assert.equal((await said)[1], "안녕");
      jonas.emit("say", "hello");
      assert.equal(await line(), `${jonas.id}: hello`);
      const left = once(jonas, "left");
      mina.stdin.end();
      assert.equal((await left)[1], "client namespace disconnect");
      assert.deepEqual(await once(mina, "exit"), [0, null]);
      jonas.disconnect();
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

  it("ticker: prices come by topic, one or all of them", () =>
    withExample("ticker", async (server) => {
      const names = async (path, wanted) => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
        const heard = new Set();
        for await (const [message] of on(socket, "message")) {
          const [name, price] = String(message).split(" ");
          assert.ok(Number(price) > 0, String(message));
          heard.add(name);
          if (heard.size === wanted) break;
        }
        socket.close();
        await once(socket, "close");
        return [...heard].sort();
      };
      assert.deepEqual(await names("/prices/EUR", 1), ["EUR"]);
      assert.deepEqual(await names("/prices", 3), ["EUR", "GBP", "JPY"]);
    }));

  it("follower: comes back when its feed does", () =>
    withExample("ticker", async (server) => {
      const { port } = server;
      const follower = spawn(programPath("example_follower"), [`ws://127.0.0.1:${port}/prices/EUR`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const lines = createInterface({ input: follower.stdout })[Symbol.asyncIterator]();
      const hear = async (beginning) => {
        for (;;) {
          const { value, done } = await lines.next();
          assert.ok(!done, `it ended before it said ${beginning}`);
          if (value.startsWith(beginning)) return;
        }
      };
      await hear("connected");
      await hear("EUR ");
      await server.stop();
      await hear("closed: 1001");
      await hear("attempt ");
      const again = await startProgram("example_ticker", [String(port)]);
      try {
        await hear("connected");
        await hear("EUR ");
        follower.kill("SIGTERM");
        assert.deepEqual(await once(follower, "exit"), [0, null]);
      } finally {
        follower.kill("SIGKILL");
        await again.stop();
      }
    }));
});
