// naru::Client against Node's socket.io: those of the JavaScript client's own cases that are no
// part of client.test.mjs (client-cases.md lists all of them).

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Server } from "socket.io";

import { CppClient } from "./lib/cpp-client.mjs";

const kQuick = { reconnectionDelay: 20, reconnectionDelayMax: 50 };
const kNobody = "http://127.0.0.1:1";

describe("naru::Client and the cases of socket.io-client", { timeout: 60_000 }, () => {
  let cpp, io, url, port;
  async function serve(at = 0) {
    const http = createServer();
    io = new Server(http);
    http.listen(at, "127.0.0.1");
    await once(http, "listening");
    ({ port } = http.address());
    url = `http://127.0.0.1:${port}`;
    for (const name of ["/", "/a", "/b"]) {
      io.of(name).on("connection", (socket) => socket.on("echo", (value, answer) => answer(value)));
    }
  }
  const shut = () => new Promise((closed) => io.close(closed));
  beforeEach(async () => {
    cpp = new CppClient();
    await serve();
  });
  afterEach(async () => {
    await cpp.end();
    await shut();
  });

  const connect = async (options = {}, path = "") => {
    const connected = once(io.of(path || "/"), "connection");
    cpp.tell("client", "c", url + path, { ...kQuick, ...options });
    await cpp.next("connect", "c");
    return (await connected)[0];
  };
  const state = async (name) => {
    cpp.tell("state", name);
    const [, , connected, active, id] = await cpp.next("state", name);
    return { connected, active, id };
  };
  // What another thread has asked for is done a little later.
  const idle = async (name) => {
    while ((await state(name)).active);
  };
  const never = (what) =>
    assert.deepEqual(cpp.lines.filter(([first]) => first === what), [], `no ${what}`);
  const echo = async (socket, value) => {
    cpp.tell("ask", socket, value, 10_000, "echo", value);
    assert.deepEqual((await cpp.next("answer", value)).slice(2), [null, value]);
  };

  it("does not connect before it is told to", async () => {
    cpp.tell("client", "c", url, { ...kQuick, autoConnect: false });
    assert.deepEqual(await state("c"), { connected: false, active: false, id: "" });
    assert.equal(io.engine.clientsCount, 0);
    cpp.tell("connect", "c");
    await cpp.next("connect", "c");
  });

  it("carries characters of every length, and false", async () => {
    const socket = await connect();
    for (const text of ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "\u{1f600}"]) await echo("c", text);
    const heard = once(socket, "false");
    cpp.tell("emit", "c", "false", false);
    assert.deepEqual(await heard, [false]);
    socket.emit("false", false);
    assert.deepEqual(await cpp.next("event", "c", "false"), ["event", "c", "false", false]);
  });

  it("opens a namespace after its connection was closed", async () => {
    const { conn } = await connect();
    const closed = once(conn, "close");
    cpp.tell("disconnect", "c");
    await closed;
    cpp.tell("socket", "a", "c", "/a");
    await cpp.next("connect", "a");
    await echo("a", "again");
  });

  it("opens a namespace while it leaves another", async () => {
    await connect({}, "/a");
    cpp.tell("disconnect", "c");
    cpp.tell("socket", "b", "c", "/b");
    await cpp.next("connect", "b");
    await echo("b", "there");
  });

  it("keeps its connection while one of two namespaces is left", async () => {
    const { conn } = await connect({}, "/a");
    const closed = once(conn, "close");
    cpp.tell("socket", "b", "c", "/b");
    await cpp.next("connect", "b");
    cpp.tell("disconnect", "c");
    await cpp.next("disconnect", "c");
    await echo("b", "still there");
    never("disconnect");
    assert.equal(io.engine.clientsCount, 1);
    cpp.tell("disconnect", "b");
    await closed;
  });

  it("is not connected twice by two calls", async () => {
    let joined = 0;
    io.on("connection", () => ++joined);
    await connect();
    cpp.tell("connect", "c");
    await echo("c", "after it");
    assert.equal(joined, 1);
  });

  it("changes its id when it comes again, and tells of no error", async () => {
    const socket = await connect();
    socket.conn.close();
    await cpp.next("disconnect", "c");
    const [, , id] = await cpp.next("connect", "c");
    assert.notEqual(id, socket.id);
    never("connect_error");
  });

  it("reconnects by itself after it was connected by hand", async () => {
    await connect();
    cpp.tell("disconnect", "c");
    assert.equal((await cpp.next("disconnect", "c"))[2], "io client disconnect");
    const again = once(io, "connection");
    cpp.tell("connect", "c");
    const [socket] = await again;
    await cpp.next("connect", "c");
    socket.conn.close();
    assert.equal((await cpp.next("disconnect", "c"))[2], "transport close");
    await cpp.next("connect", "c");
  });

  it("tries again when it is told so after its attempts were used up", async () => {
    cpp.tell("client", "c", kNobody, { ...kQuick, reconnectionAttempts: 2 });
    await cpp.next("reconnect_failed", "c");
    await idle("c");
    for (const n of [1, 2]) await cpp.next("reconnect_attempt", "c", n);
    cpp.tell("connect", "c");
    for (const n of [1, 2]) await cpp.next("reconnect_attempt", "c", n);
    await cpp.next("reconnect_failed", "c");
  });

  it("makes its attempts once, however many namespaces wait", async () => {
    cpp.tell("client", "c", kNobody, { ...kQuick, reconnectionAttempts: 2 });
    await cpp.next("connect_error", "c");
    cpp.tell("socket", "room", "c", "/room");
    for (const n of [1, 2]) await cpp.next("reconnect_attempt", "c", n);
    await cpp.next("reconnect_failed", "c");
    never("reconnect_attempt");
  });

  it("stops trying when it is told to leave, and begins again when it is told to come", async () => {
    const free = port;
    await shut();
    cpp.tell("client", "c", url, { ...kQuick, reconnectionDelay: 10 });
    await cpp.next("reconnect_attempt", "c");
    cpp.tell("disconnect", "c");
    await idle("c");
    await serve(free);
    cpp.tell("connect", "c");
    await cpp.next("connect", "c");
    await echo("c", "here");
  });

  it("goes on trying for one namespace when another has been left", async () => {
    await connect({}, "/a");
    cpp.tell("socket", "b", "c", "/b");
    await cpp.next("connect", "b");
    const free = port;
    await shut();
    for (const name of ["c", "b"]) await cpp.next("disconnect", name);
    cpp.tell("disconnect", "c");
    await serve(free);
    await cpp.next("connect", "b");
    await echo("b", "back");
    await idle("c");
    assert.equal((await io.of("/a").fetchSockets()).length, 0);
  });

  it("tells of no error when it leaves before it was there", async () => {
    cpp.tell("client", "c", url, kQuick);
    cpp.tell("disconnect", "c");
    await idle("c");
    cpp.tell("close", "c");
    await cpp.next("closed", "c");
    never("connect_error");
    never("reconnect_error");
  });

  it("keeps the query of its URL, in a namespace too", async () => {
    const connected = once(io.of("/a"), "connection");
    cpp.tell("client", "c", `${url}/a?x=1&y=%26`, { ...kQuick, query: { "a b": "&=?" } });
    const [socket] = await connected;
    const { x, y, "a b": odd } = socket.handshake.query;
    assert.deepEqual([x, y, odd], ["1", "&", "&=?"]);
  });

  it("hears of a refusal in a namespace, and tries no more", async () => {
    io.of("/a").use((_, next) => next(new Error("not here")));
    cpp.tell("client", "c", `${url}/a`, kQuick);
    assert.equal((await cpp.next("connect_error", "c"))[2], "not here");
    await idle("c");
  });

  it("sends what is droppable when it is connected", async () => {
    const socket = await connect({ transports: ["websocket"] });
    const heard = once(socket, "n");
    cpp.tell("volatile", "c", "n", "sent");
    assert.deepEqual(await heard, ["sent"]);
  });

  it("takes no notice of an answer that comes too late", async () => {
    const socket = await connect();
    const asked = once(socket, "slow");
    cpp.tell("ask", "c", "late", 20, "slow");
    const [answer] = await asked;
    assert.equal((await cpp.next("answer", "late"))[2], "operation has timed out");
    answer("too late");
    await echo("c", "next");
    never("answer");
  });

  it("has a deadline for answers by default", async () => {
    await connect({ ackTimeout: 20 });
    cpp.tell("ask", "c", "1", null, "unheard");
    assert.equal((await cpp.next("answer", "1"))[2], "operation has timed out");
  });

  it("keeps what is asked while it is away, and is answered when it has come again", async () => {
    await connect();
    cpp.tell("disconnect", "c");
    await cpp.next("disconnect", "c");
    cpp.tell("ask", "c", "1", null, "echo", "a");
    cpp.tell("connect", "c");
    assert.deepEqual(await cpp.next("answer", "1"), ["answer", "1", null, "a"]);
  });

  it("tries nothing again while it is not connected", async () => {
    const heard = [];
    io.on("connection", (socket) => socket.onAny((event) => heard.push(event)));
    cpp.tell("client", "c", url, { ...kQuick, autoConnect: false, retries: 3, ackTimeout: 10_000 });
    cpp.tell("ask", "c", "1", null, "echo", 1);
    assert.equal((await state("c")).connected, false);
    cpp.tell("connect", "c");
    assert.deepEqual(await cpp.next("answer", "1"), ["answer", "1", null, 1]);
    assert.deepEqual(heard, ["echo"]);
  });

  it("sends once what its connect handler emits, with retries on", async () => {
    const heard = [];
    io.on("connection", (socket) => socket.onAny((...args) => (heard.push(args[0]), args.pop()())));
    await connect({ retries: 3, ackTimeout: 10_000, greets: true });
    cpp.tell("ask", "c", "1", null, "last");
    await cpp.next("answer", "1");
    assert.deepEqual(heard, ["greeting", "last"]);
  });

  it("is served at a path of its own", async () => {
    const http = createServer();
    const elsewhere = new Server(http, { path: "/elsewhere" });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const joined = once(elsewhere, "connection");
    cpp.tell("client", "c", `http://127.0.0.1:${http.address().port}`, { ...kQuick, path: "/elsewhere" });
    await cpp.next("connect", "c");
    await joined;
    cpp.tell("close", "c");
    await cpp.next("closed", "c");
    await new Promise((closed) => elsewhere.close(closed));
  });
});
