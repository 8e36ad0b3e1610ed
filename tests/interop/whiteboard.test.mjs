// The whiteboard's server, by socket.io-client: what it refuses, what it forgets, how one catches up.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";

import { startGallery } from "./lib/server.mjs";
import { collect, next } from "./lib/wait.mjs";

const kStrokesKept = 2000;

// A part of a stroke; `points` are [x, y, pressure].
function part({ number = 1, colour = 0, width = 5, from = 0, points = [[10, 20, 128]] } = {}) {
  const bytes = Buffer.alloc(8 + 5 * points.length);
  bytes.writeUInt32LE(number, 0);
  bytes.writeUInt8(colour, 4);
  bytes.writeUInt8(width, 5);
  bytes.writeUInt16LE(from, 6);
  points.forEach(([x, y, pressure], i) => {
    bytes.writeUInt16LE(x, 8 + 5 * i);
    bytes.writeUInt16LE(y, 10 + 5 * i);
    bytes.writeUInt8(pressure, 12 + 5 * i);
  });
  return bytes;
}

// What a change tells: u32 offset, floor, order, author, then the part.
function change(bytes) {
  const [offset, floor, order, author] = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at));
  return { offset, floor, order, author, part: bytes.subarray(16) };
}

function orders(welcome) {
  return Array.from({ length: welcome.orders.length / 4 }, (_, i) => welcome.orders.readUInt32LE(4 * i));
}

function strokes(welcome) {
  const all = [];
  for (let at = 0; at < welcome.strokes.length; ) {
    const size = welcome.strokes.readUInt32LE(at + 8);
    all.push({ order: welcome.strokes.readUInt32LE(at), part: welcome.strokes.subarray(at + 12, at + 12 + size) });
    at += 12 + size;
  }
  return all;
}

describe("whiteboard", { timeout: 60_000 }, () => {
  let server;
  const sockets = [];
  let boards = 0;

  before(async () => (server = await startGallery()));
  after(async () => {
    for (const socket of sockets) socket.disconnect();
    await server?.stop();
  });

  const connect = (auth) => {
    const socket = io(`${server.url}/whiteboard`, { auth, transports: ["websocket"], forceNew: true, reconnection: false });
    sockets.push(socket);
    return socket;
  };
  const enter = async (auth) => {
    const socket = connect({ name: "Mina", key: "mina", ...auth });
    const [welcome] = await next(socket, "welcome");
    return { socket, welcome };
  };
  const freshBoard = () => `board ${++boards}`;
  const drawn = (socket) => next(socket, "drawn").then(([bytes]) => change(bytes));

  for (const [reason, auth] of [
    ["name required", { board: "b", key: "k" }],
    ["name required", { name: "x".repeat(33), board: "b", key: "k" }],
    ["board required", { name: "n", board: " ", key: "k" }],
    ["key required", { name: "n", board: "b" }],
    ["key required", { name: "n", board: "b", key: "k".repeat(65) }],
  ]) {
    it(`refuses ${JSON.stringify(auth).slice(0, 60)}: ${reason}`, async () => {
      const [error] = await next(connect(auth), "connect_error");
      assert.equal(error.message, reason);
    });
  }

  it("takes no part that is none, and none with points missing before it", async () => {
    const { socket } = await enter({ board: freshBoard() });
    const point = [10, 20, 128];
    for (const bad of [
      Buffer.alloc(0), Buffer.alloc(8), part().subarray(0, 12), Buffer.concat([part(), Buffer.alloc(1)]),
      part({ colour: 9 }), part({ width: 0 }), part({ width: 65 }),
      part({ points: [[8192, 0, 0]] }), part({ points: [[0, 6144, 0]] }),
      part({ points: Array(513).fill(point) }),
      part({ number: 7, from: 1 }),  // of no stroke
    ]) {
      socket.emit("draw", bad);
    }
    socket.emit("draw", part({ number: 7, points: [point, point] }));
    socket.emit("draw", part({ number: 7, from: 3 }));
    const seen = collect(socket, "drawn", change);
    socket.emit("draw", part({ number: 8 }));
    const [first, second] = await seen.count(2);
    assert.equal(first.offset, 1);
    assert.deepEqual(first.part, part({ number: 7, points: [point, point] }));
    assert.equal(second.offset, 2);
    assert.deepEqual(second.part, part({ number: 8 }));
  });

  it("takes a part that comes again for what is new in it", async () => {
    const board = freshBoard();
    const { socket } = await enter({ board });
    const points = [[1, 1, 0], [2, 2, 0], [3, 3, 0]];
    socket.emit("draw", part({ points: points.slice(0, 2) }));
    socket.emit("draw", part({ points: points.slice(0, 2) }));
    socket.emit("draw", part({ points: points.slice(1), from: 1 }));
    const seen = collect(socket, "drawn", change);
    await seen.count(2);
    const late = await enter({ board, name: "Late", key: "late" });
    assert.deepEqual(strokes(late.welcome), [{ order: 1, part: part({ points }) }]);
    assert.equal(late.welcome.offset, 2);
  });

  it("ends a stroke that grows too long", async () => {
    const { socket } = await enter({ board: freshBoard() });
    const points = Array(512).fill([5, 5, 5]);
    for (let from = 0; from < 4096; from += 512) socket.emit("draw", part({ from, points }));
    socket.emit("draw", part({ from: 4096 }));
    const seen = collect(socket, "drawn", change);
    socket.emit("draw", part({ number: 2 }));
    const all = await seen.count(9);
    assert.equal(all[8].part.readUInt32LE(0), 2);
  });

  it("lets only the author take a stroke back, after a reconnect too", async () => {
    const board = freshBoard();
    const mina = await enter({ board });
    const jonas = await enter({ board, name: "Jonas", key: "jonas" });
    mina.socket.emit("draw", part({ number: 5 }));
    const { order } = await drawn(jonas.socket);
    jonas.socket.emit("undo", 5);
    jonas.socket.emit("draw", part({ number: 6 }));
    await drawn(jonas.socket);
    mina.socket.disconnect();
    const again = await enter({ board });
    assert.equal(again.welcome.me.author, mina.welcome.me.author);
    assert.equal(orders(again.welcome).length, 2);
    again.socket.emit("undo", 5);
    const [offset, , undone] = await next(jonas.socket, "undone");
    assert.deepEqual([offset, undone], [3, order]);
  });

  it("tells who was away what changed, and no more", async () => {
    const board = freshBoard();
    const mina = await enter({ board });
    const jonas = await enter({ board, name: "Jonas", key: "jonas" });
    const seen = collect(jonas.socket, "drawn", change);
    for (const number of [1, 2, 3]) mina.socket.emit("draw", part({ number }));
    await seen.count(3);
    jonas.socket.disconnect();
    const away = collect(mina.socket, "drawn", change);
    mina.socket.emit("undo", 1);
    mina.socket.emit("draw", part({ number: 2, from: 1, points: [[9, 9, 9]] }));
    mina.socket.emit("draw", part({ number: 4 }));
    await away.count(2);
    const { epoch } = jonas.welcome;
    const back = await enter({ board, name: "Jonas", key: "jonas", epoch, offset: 3 });
    assert.deepEqual(orders(back.welcome), [2, 3, 6]);
    assert.deepEqual(strokes(back.welcome).map(({ order }) => order), [2, 6]);
    // Of another epoch the offset says nothing.
    const other = await enter({ board, name: "Sora", key: "sora", epoch: epoch - 1, offset: 3 });
    assert.deepEqual(strokes(other.welcome).map(({ order }) => order), [2, 3, 6]);
  });

  it("keeps the newest strokes, and says below which they are gone", async () => {
    const board = freshBoard();
    const { socket } = await enter({ board });
    const seen = collect(socket, "drawn", change);
    for (let number = 1; number <= kStrokesKept + 3; number++) socket.emit("draw", part({ number }));
    const all = await seen.count(kStrokesKept + 3);
    assert.equal(all.at(-4).floor, 1);
    assert.equal(all.at(-1).floor, 4);
    const late = await enter({ board, key: "late" });
    assert.equal(orders(late.welcome).length, kStrokesKept);
    assert.equal(orders(late.welcome)[0], 4);
  });

  it("clears for everybody, and forgets a board that is empty and left", async () => {
    const board = freshBoard();
    const mina = await enter({ board });
    const jonas = await enter({ board, name: "Jonas", key: "jonas" });
    mina.socket.emit("draw", part());
    await drawn(jonas.socket);
    mina.socket.emit("clear");
    const [offset, floor, who] = await next(jonas.socket, "cleared");
    assert.deepEqual([offset, floor, who], [2, 2, "Mina"]);
    mina.socket.disconnect();
    await next(jonas.socket, "left");
    const here = await enter({ board, name: "Sora", key: "sora" });
    assert.equal(here.welcome.epoch, jonas.welcome.epoch);
    here.socket.disconnect();
    await next(jonas.socket, "left");
    jonas.socket.disconnect();
    // The server hears of the leaving a little later than we say it.
    for (;;) {
      const again = await enter({ board });
      again.socket.disconnect();
      if (again.welcome.epoch !== jonas.welcome.epoch) break;
    }
  });
});
