// naru::Client against Node's socket.io: the cases of the JavaScript client's own tests
// (connection.ts, socket.ts, retry.ts, connection-state-recovery.ts), and what else a server does.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";

import { bytes, CppClient } from "./lib/cpp-client.mjs";

async function listen(options = {}, port = 0) {
  const http = createServer();
  const io = new Server(http, { pingInterval: 25_000, ...options });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const address = http.address().port;
  return {
    io,
    http,
    port: address,
    url: `http://127.0.0.1:${address}`,
    close: () => new Promise((resolve) => io.close(resolve)),
  };
}

const kQuick = { reconnectionDelay: 20, reconnectionDelayMax: 50 };
const kLost = ["transport close", "transport error"]; // a poll that is cut off is an error

const kWays = [[["websocket"]], [["polling"]], [["polling", "websocket"]], [["websocket"], "msgpack"]];
for (const [transports, parser = "text"] of kWays) {
describe(`naru::Client and socket.io by ${transports.join(", then ")} as ${parser}`, () => {
  const kQuick = { reconnectionDelay: 20, reconnectionDelayMax: 50, transports, parser };
  const serve = (options, port) =>
    listen({ ...(parser === "msgpack" && { parser: msgpack }), ...options }, port);
  let cpp;
  let server;
  beforeEach(async () => {
    cpp = new CppClient();
    server = await serve();
  });
  afterEach(async () => {
    await cpp.end();
    await server.close();
  });

  const connect = async (options = {}, path = "") => {
    const connected = once(server.io.of(path === "" ? "/" : path), "connection");
    cpp.tell("client", "c", server.url + path, { ...kQuick, ...options });
    const [, , id] = await cpp.next("connect", "c");
    const [socket] = await connected;
    assert.equal(socket.id, id);
    return socket;
  };

  it("connects, and both ends know the id", async () => {
    const socket = await connect();
    assert.equal(socket.conn.protocol, 4);
  });

  it("emits and receives", async () => {
    const socket = await connect();
    const heard = once(socket, "hello");
    cpp.tell("emit", "c", "hello", "나루", 1, [true, null], { a: 1.5 });
    assert.deepEqual(await heard, ["나루", 1, [true, null], { a: 1.5 }]);
    socket.emit("welcome", "ada", { n: [1, 2] });
    assert.deepEqual(await cpp.next("event", "c", "welcome"), ["event", "c", "welcome", "ada", { n: [1, 2] }]);
  });

  it("gets acknowledgements, and gives them", async () => {
    const socket = await connect();
    socket.on("add", (a, b, answer) => answer(a + b, "sum"));
    cpp.tell("ask", "c", "1", null, "add", 2, 3);
    assert.deepEqual(await cpp.next("answer", "1"), ["answer", "1", null, 5, "sum"]);
    assert.deepEqual(await new Promise((resolve) => socket.emit("ask", "x", 7, (...all) => resolve(all))), ["x", 7]);
  });

  it("carries bytes, in events and acknowledgements, both ways", async () => {
    const socket = await connect();
    socket.on("twice", (a, b, answer) => answer(Buffer.concat([a, b.deep[0]])));
    cpp.tell("ask", "c", "1", null, "twice", bytes([1, 2]), { deep: [bytes([3])] });
    assert.deepEqual(await cpp.next("answer", "1"), ["answer", "1", null, bytes([1, 2, 3])]);
    const answer = await socket.timeout(5000).emitWithAck("ask", Buffer.from([9, 8]));
    assert.deepEqual(answer, Buffer.from([9, 8]));
  });

  it("joins a namespace by the path of its URL, and others beside it", async () => {
    server.io.of("/admin").on("connection", (socket) => socket.on("who", (answer) => answer("admin")));
    server.io.of("/other").on("connection", (socket) => socket.on("who", (answer) => answer("other")));
    const socket = await connect({}, "/admin");
    cpp.tell("socket", "o", "c", "/other");
    await cpp.next("connect", "o");
    cpp.tell("ask", "c", "1", null, "who");
    cpp.tell("ask", "o", "2", null, "who");
    assert.equal((await cpp.next("answer", "1"))[3], "admin");
    assert.equal((await cpp.next("answer", "2"))[3], "other");
    const [other] = await server.io.of("/other").fetchSockets();
    assert.equal(server.io.engine.clientsCount, 1, "one connection for both");
    assert.notEqual(other.id, socket.id);
  });

  it("hears of a namespace that does not exist", async () => {
    await connect();
    cpp.tell("socket", "x", "c", "/nowhere");
    assert.deepEqual(await cpp.next("connect_error", "x"), ["connect_error", "x", "Invalid namespace", null, false]);
  });

  it("hears of a refusal with its data, and tries no more", async () => {
    server.io.use((_, next) => next(Object.assign(new Error("not you"), { data: { code: 7 } })));
    cpp.tell("client", "c", server.url, kQuick);
    assert.deepEqual(await cpp.next("connect_error", "c"), ["connect_error", "c", "not you", { code: 7 }, false]);
    cpp.tell("state", "c");
    assert.deepEqual(await cpp.next("state", "c"), ["state", "c", false, false, ""]);
  });

  it("shows auth, query and headers", async () => {
    const socket = await connect({ auth: { token: "t" }, query: { room: "a b&c" }, extraHeaders: { "X-Mine": "yes" } });
    assert.deepEqual(socket.handshake.auth, { token: "t" });
    assert.equal(socket.handshake.query.room, "a b&c");
    assert.equal(socket.handshake.headers["x-mine"], "yes");
  });

  it("asks for auth anew at each attempt", async () => {
    const first = await connect({ countedAuth: true });
    assert.deepEqual(first.handshake.auth, { attempt: 1 });
    const again = once(server.io, "connection");
    first.conn.close();
    assert.equal((await cpp.next("disconnect", "c"))[2], "transport close");
    assert.deepEqual((await again)[0].handshake.auth, { attempt: 2 });
    assert.deepEqual(await cpp.next("reconnect", "c"), ["reconnect", "c", 1]);
  });

  it("sends what was emitted before it was connected, in order", async () => {
    const heard = [];
    const all = new Promise((resolve) => {
      server.io.on("connection", (socket) =>
        socket.on("n", (n) => {
          heard.push(n);
          if (n === 9) resolve();
        }),
      );
    });
    cpp.tell("client", "c", server.url, { ...kQuick, autoConnect: false });
    for (let n = 0; n < 10; ++n) cpp.tell("emit", "c", "n", n);
    cpp.tell("connect", "c");
    await all;
    assert.deepEqual(heard, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("drops what is droppable while it is not connected", async () => {
    cpp.tell("client", "c", server.url, { ...kQuick, autoConnect: false });
    cpp.tell("volatile", "c", "n", "lost");
    cpp.tell("emit", "c", "n", "kept");
    const [socket] = await Promise.all([once(server.io, "connection"), cpp.tell("connect", "c")]);
    assert.deepEqual(await once(socket[0], "n"), ["kept"]);
  });

  it("is told by the server to leave, and stays away until it is told to come", async () => {
    const socket = await connect();
    socket.disconnect();
    assert.equal((await cpp.next("disconnect", "c"))[2], "io server disconnect");
    cpp.tell("state", "c");
    assert.deepEqual((await cpp.next("state", "c")).slice(2), [false, false, ""]);
    cpp.tell("connect", "c");
    await cpp.next("connect", "c");
  });

  it("leaves by itself, and comes again", async () => {
    const socket = await connect();
    const left = once(socket, "disconnect");
    cpp.tell("disconnect", "c");
    assert.equal((await cpp.next("disconnect", "c"))[2], "io client disconnect");
    assert.equal((await left)[0], "client namespace disconnect");
    const again = once(server.io, "connection");
    cpp.tell("connect", "c");
    await cpp.next("connect", "c");
    assert.notEqual((await again)[0].id, socket.id);
  });

  it("times out an acknowledgement that never comes, connected or not", async () => {
    await connect();
    cpp.tell("ask", "c", "1", 50, "unheard");
    assert.deepEqual(await cpp.next("answer", "1"), ["answer", "1", "operation has timed out"]);
    cpp.tell("client", "d", server.url, { ...kQuick, autoConnect: false });
    cpp.tell("ask", "d", "2", 50, "unheard");
    assert.deepEqual(await cpp.next("answer", "2"), ["answer", "2", "operation has timed out"]);
  });

  it("tells who waits for an answer that the connection is lost", async () => {
    const socket = await connect();
    const asked = once(socket, "slow");
    cpp.tell("ask", "c", "1", 10_000, "slow");
    await asked;
    socket.conn.close();
    assert.equal((await cpp.next("answer", "1"))[2], "socket has been disconnected");
  });

  it("retries until it is acknowledged, one after another", async () => {
    const heard = [];
    server.io.on("connection", (socket) =>
      socket.on("e", (n, answer) => {
        heard.push(n);
        if (heard.length > 2) answer("ok", n);
      }),
    );
    cpp.tell("client", "c", server.url, { ...kQuick, retries: 3, ackTimeout: 60 });
    cpp.tell("ask", "c", "1", null, "e", 1);
    cpp.tell("ask", "c", "2", null, "e", 2);
    assert.deepEqual(await cpp.next("answer", "1"), ["answer", "1", null, "ok", 1]);
    assert.deepEqual(await cpp.next("answer", "2"), ["answer", "2", null, "ok", 2]);
    assert.deepEqual(heard, [1, 1, 1, 2]);
  });

  it("gives up after its retries, and goes on with the next", async () => {
    server.io.on("connection", (socket) => socket.on("good", (answer) => answer(1)));
    cpp.tell("client", "c", server.url, { ...kQuick, retries: 1, ackTimeout: 40 });
    cpp.tell("ask", "c", "1", null, "bad");
    cpp.tell("ask", "c", "2", null, "good");
    assert.deepEqual(await cpp.next("answer", "1"), ["answer", "1", "operation has timed out"]);
    assert.deepEqual(await cpp.next("answer", "2"), ["answer", "2", null, 1]);
  });

  it("reconnects when the server comes again, and tells the attempts", async () => {
    await connect();
    const port = server.port;
    await server.close();
    assert.ok(kLost.includes((await cpp.next("disconnect", "c"))[2]));
    await cpp.next("reconnect_attempt", "c", 1);
    await cpp.next("reconnect_error", "c");
    cpp.tell("emit", "c", "late", 1);
    server = await serve({}, port);
    const [socket] = await once(server.io, "connection");
    const late = once(socket, "late");
    const [, , n] = await cpp.next("reconnect", "c");
    assert.ok(n >= 1);
    assert.deepEqual(await late, [1]);
  });

  it("gives up after reconnectionAttempts", async () => {
    cpp.tell("client", "c", "http://127.0.0.1:1", { ...kQuick, reconnectionAttempts: 2 });
    const [, , message, , active] = await cpp.next("connect_error", "c");
    assert.match(message, /refused/);
    assert.equal(active, true);
    await cpp.next("reconnect_attempt", "c", 1);
    await cpp.next("reconnect_attempt", "c", 2);
    await cpp.next("reconnect_failed", "c");
  });

  it("does not try again when reconnection is off", async () => {
    cpp.tell("client", "c", "http://127.0.0.1:1", { reconnection: false });
    assert.equal((await cpp.next("connect_error", "c"))[4], false);
  });

  it("closes while it is trying", async () => {
    cpp.tell("client", "c", "http://127.0.0.1:1", kQuick);
    await cpp.next("reconnect_attempt", "c");
    cpp.tell("close", "c");
    await cpp.next("closed", "c");
  });

  it("times out an attempt that a server takes and does not answer", async () => {
    const mute = createServer(() => {}).on("upgrade", () => {});
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    cpp.tell("client", "c", `http://127.0.0.1:${mute.address().port}`, { reconnection: false, timeout: 100 });
    assert.match((await cpp.next("connect_error", "c"))[2], /time/);
    mute.close();
    mute.closeAllConnections();
  });
});
}

describe("naru::Client and a server with recovery", () => {
  let cpp;
  let server;
  before(async () => {
    cpp = new CppClient();
    server = await listen({ connectionStateRecovery: {} });
  });
  after(async () => {
    await cpp.end();
    await server.close();
  });

  it("misses nothing that was sent while it was away", async () => {
    const connected = once(server.io, "connection");
    cpp.tell("client", "c", server.url, { ...kQuick, reconnectionDelay: 200, reconnectionDelayMax: 200 });
    const [, , id] = await cpp.next("connect", "c");
    const [socket] = await connected;
    server.io.emit("n", 0);
    await cpp.next("event", "c", "n", 0);
    socket.conn.close();
    await cpp.next("disconnect", "c");
    for (let n = 1; n < 6; ++n) server.io.emit("n", n);
    assert.deepEqual(await cpp.next("connect", "c"), ["connect", "c", id, true]);
    for (let n = 1; n < 6; ++n) await cpp.next("event", "c", "n", n);
  });
});

describe("naru::Client and its transports", () => {
  let cpp;
  let server;
  beforeEach(() => {
    cpp = new CppClient();
  });
  afterEach(async () => {
    await cpp.end();
    await server.close();
  });

  it("upgrades from polling, and loses nothing on the way", async () => {
    server = await listen();
    const heard = [];
    const upgraded = new Promise((resolve) => {
      server.io.on("connection", (socket) => {
        socket.on("n", (n, answer) => answer(heard.push(n)));
        socket.conn.once("upgrade", () => resolve(socket));
        for (let n = 0; n < 50; ++n) socket.emit("m", n);
      });
    });
    cpp.tell("client", "c", server.url, kQuick);
    for (let n = 0; n < 100; ++n) cpp.tell("ask", "c", n, null, "n", n);
    for (let n = 0; n < 100; ++n) assert.equal((await cpp.next("answer", n))[3], n + 1);
    const socket = await upgraded;
    assert.equal(socket.conn.transport.name, "websocket");
    for (let n = 0; n < 50; ++n) await cpp.next("event", "c", "m", n);
    socket.emit("transport");
    assert.equal((await cpp.next("transport", "c"))[2], "websocket");
  });

  it("stays with polling when it is told to, or the server offers nothing else", async () => {
    server = await listen({ allowUpgrades: false });
    const connected = once(server.io, "connection");
    cpp.tell("client", "c", server.url, kQuick);
    const [socket] = await connected;
    assert.equal(socket.conn.transport.name, "polling");
    socket.emit("transport");
    assert.equal((await cpp.next("transport", "c"))[2], "polling");
  });

  it("tries the next transport when the first is refused", async () => {
    server = await listen({ transports: ["websocket"] });
    cpp.tell("client", "c", server.url, kQuick);
    await cpp.next("connect", "c");
  });

  it("does not, when it is told so", async () => {
    server = await listen({ transports: ["websocket"] });
    cpp.tell("client", "c", server.url, { ...kQuick, tryAllTransports: false, reconnection: false });
    assert.match((await cpp.next("connect_error", "c"))[2], /400/);
  });

  it("begins with WebSocket after it has been upgraded once, when it remembers", async () => {
    server = await listen();
    const names = [];
    server.io.engine.on("connection", (conn) => names.push(conn.transport.name));
    const upgraded = new Promise((resolve) => {
      server.io.once("connection", (socket) => socket.conn.once("upgrade", () => resolve(socket)));
    });
    cpp.tell("client", "c", server.url, { ...kQuick, rememberUpgrade: true });
    await cpp.next("connect", "c");
    const socket = await upgraded;
    socket.emit("transport");
    await cpp.next("transport", "c", "websocket");
    socket.conn.close();
    await cpp.next("connect", "c");
    assert.deepEqual(names, ["polling", "websocket"]);
  });

  it("keeps the cookies of polling answers, for the upgrade too", async () => {
    server = await listen({ cookie: true });
    const upgraded = new Promise((resolve) => {
      server.http.on("upgrade", (request) => resolve(request.headers.cookie));
    });
    cpp.tell("client", "c", server.url, kQuick);
    assert.match(await upgraded, /^io=/);
  });

  it("posts no more at once than the server takes", async () => {
    server = await listen({ maxHttpBufferSize: 2000, transports: ["polling"] });
    const heard = [];
    const all = new Promise((resolve) => {
      server.io.on("connection", (socket) => socket.on("n", (n) => heard.push(n) === 100 && resolve()));
    });
    cpp.tell("client", "c", server.url, kQuick);
    for (let n = 0; n < 100; ++n) cpp.tell("emit", "c", "n", n, "x".repeat(100));
    await all;
    assert.deepEqual(heard, Array.from({ length: 100 }, (_, n) => n));
  });

  it("ends when nothing pings it any more", async () => {
    server = await listen({ pingInterval: 100, pingTimeout: 100 });
    server.io.engine.on("connection", (conn) => {
      conn.sendPacket = ((send) => (type, ...rest) => type !== "ping" && send.call(conn, type, ...rest))(conn.sendPacket);
      conn.resetPingTimeout = () => {};
    });
    cpp.tell("client", "c", server.url, kQuick);
    await cpp.next("connect", "c");
    assert.ok(["ping timeout", "transport close"].includes((await cpp.next("disconnect", "c"))[2]));
  });
});

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  it(`speaks Engine.IO 3 with socket.io 2 by ${transports.join(", then ")}`, async () => {
    const http = createServer();
    const io = createRequire(import.meta.url)("socket.io-2")(http);
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const cpp = new CppClient();
    io.on("connection", (socket) => {
      socket.on("add", (a, b, answer) => answer(a + b));
      socket.on("bytes", (data) => socket.emit("back", data, "나루"));
    });
    io.of("/admin").on("connection", (socket) => socket.on("who", (answer) => answer("admin")));
    cpp.tell("client", "c", `http://127.0.0.1:${http.address().port}`, { ...kQuick, transports, revision: 3 });
    await cpp.next("connect", "c");
    cpp.tell("ask", "c", "1", null, "add", 2, 3);
    assert.equal((await cpp.next("answer", "1"))[3], 5);
    cpp.tell("emit", "c", "bytes", bytes([1, 2, 3]));
    assert.deepEqual((await cpp.next("event", "c", "back")).slice(3), [bytes([1, 2, 3]), "나루"]);
    cpp.tell("socket", "a", "c", "/admin");
    await cpp.next("connect", "a");
    cpp.tell("ask", "a", "2", null, "who");
    assert.equal((await cpp.next("answer", "2"))[3], "admin");
    await cpp.end();
    io.close();
  });
}
