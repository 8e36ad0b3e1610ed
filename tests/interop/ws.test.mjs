// WebSocket (RFC 6455) by the npm client `ws`, and by raw bytes for what no client would send.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import WebSocket from "ws";

import { RawWebSocket, closePayload, exchange, frame, upgradeRequest } from "./lib/raw.mjs";
import { startProfile } from "./lib/server.mjs";
import { collect, next, numbers } from "./lib/wait.mjs";

// A test that is "todo" runs and tells, and does not fail the suite.
const kMessageLimit = 32 * 1024 * 1024;  // of the profile

describe("websocket-echo", { timeout: 40_000 }, () => {
  let server;
  const open = [];

  before(async () => (server = await startProfile("websocket-echo")));
  after(async () => {
    for (const socket of open) socket.terminate();
    RawWebSocket.destroyAll();
    await server.stop();
  });

  async function connect(options = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`, options);
    open.push(socket);
    await next(socket, "open");
    return socket;
  }

  async function echo(socket, message) {
    const answer = next(socket, "message");
    socket.send(message);
    const [data, isBinary] = await answer;
    return { data, isBinary };
  }

  for (const perMessageDeflate of [false, true]) {
    describe(perMessageDeflate ? "with permessage-deflate" : "without compression", () => {
      it("negotiates as asked", async () => {
        const socket = await connect({ perMessageDeflate });
        assert.equal(socket.extensions.includes("permessage-deflate"), perMessageDeflate);
      });

      it("echoes text and binary of every length class", async () => {
        const socket = await connect({ perMessageDeflate });
        for (const length of [0, 1, 125, 126, 127, 65535, 65536, 300_000]) {
          const text = await echo(socket, "나é".repeat(length).slice(0, length));
          assert.equal(text.isBinary, false);
          assert.equal(text.data.toString(), "나é".repeat(length).slice(0, length));
          const bytes = Buffer.from(numbers(length).map((n) => (n * 7) & 255));
          const binary = await echo(socket, bytes);
          assert.equal(binary.isBinary, true);
          assert.ok(bytes.equals(binary.data), `${length} bytes`);
        }
      });

      it("keeps order and count under load", async () => {
        const socket = await connect({ perMessageDeflate });
        const messages = collect(socket, "message", (data) => Number(data.toString().split(" ")[0]));
        for (const n of numbers(2000)) socket.send(`${n} ${"x".repeat(n % 300)}`);
        assert.deepEqual(await messages.count(2000), numbers(2000));
      });

      it("joins fragments, with a ping between them", async () => {
        const socket = await connect({ perMessageDeflate });
        const message = next(socket, "message");
        const pong = next(socket, "pong");
        socket.send("one ", { fin: false });
        socket.send("two ", { fin: false });
        socket.ping("between");
        assert.equal((await pong)[0].toString(), "between");
        socket.send("three", { fin: true });
        assert.equal((await message)[0].toString(), "one two three");
      });
    });
  }

  it("answers a ping with its payload", async () => {
    const socket = await connect();
    for (const payload of [Buffer.alloc(0), Buffer.from("ping"), Buffer.alloc(125, 7)]) {
      const pong = next(socket, "pong");
      socket.ping(payload);
      assert.ok(payload.equals((await pong)[0]));
    }
  });

  it("takes an unsolicited pong in silence", async () => {
    const socket = await connect();
    socket.pong("nobody asked");
    assert.equal((await echo(socket, "still here")).data.toString(), "still here");
  });

  for (const code of [1000, 1001, 1011, 3000, 4999]) {
    it(`echoes close code ${code}`, async () => {
      const socket = await connect();
      const closed = next(socket, "close");
      socket.close(code, "bye");
      assert.equal((await closed)[0], code);
    });
  }

  it("answers an empty close with an empty close", async () => {
    const raw = await RawWebSocket.open(server);
    raw.send(frame(8));
    assert.equal(await raw.closeCode(), null);
  });

  it("echoes nothing after a close", async () => {
    const raw = await RawWebSocket.open(server);
    raw.send(frame(8, closePayload(1000)), frame(1, "too late"));
    const first = await raw.frame();
    assert.equal(first.opcode, 8);
    await assert.rejects(raw.frame(), /ended early/);
  });

  it("echoes a message byte by byte as it does one piece", async () => {
    const raw = await RawWebSocket.open(server);
    for (const byte of frame(1, "slowly")) raw.send(Buffer.from([byte]));
    const { opcode, payload } = await raw.frame();
    assert.deepEqual([opcode, payload.toString()], [1, "slowly"]);
    raw.destroy();
  });

  const masked = (bytes, options) => frame(1, Buffer.from(bytes), options);
  const violations = [
    ["an unmasked frame", 1002, [frame(1, "hello", { mask: false })]],
    ["RSV1 without an extension", 1002, [frame(1, "x", { rsv: 4 })]],
    ["RSV2", 1002, [frame(1, "x", { rsv: 2 })]],
    ["RSV3", 1002, [frame(1, "x", { rsv: 1 })]],
    ["an unknown data opcode", 1002, [frame(3, "x")]],
    ["an unknown control opcode", 1002, [frame(11, "x")]],
    ["a fragmented ping", 1002, [frame(9, "x", { fin: false })]],
    ["a ping of 126 bytes", 1002, [frame(9, "x".repeat(126))]],
    ["a continuation of nothing", 1002, [frame(0, "x")]],
    ["a text inside a text", 1002, [frame(1, "a", { fin: false }), frame(1, "b")]],
    ["a length of 5 in 16 bits", 1002, [frame(1, "hello", { wide: 16 })]],
    ["a length of 300 in 64 bits", 1002, [frame(1, "x".repeat(300), { wide: 64 })]],
    ["a length with its top bit set", 1002, [frame(2, "", { length: 2n ** 63n, wide: 64 })]],
    ["a close of one byte", 1002, [frame(8, "x")]],
    ["close code 999", 1002, [frame(8, closePayload(999))]],
    ["close code 1004", 1002, [frame(8, closePayload(1004))]],
    ["close code 1005", 1002, [frame(8, closePayload(1005))]],
    ["close code 1006", 1002, [frame(8, closePayload(1006))]],
    ["close code 1015", 1002, [frame(8, closePayload(1015))]],
    ["close code 2999", 1002, [frame(8, closePayload(2999))]],
    ["close code 5000", 1002, [frame(8, closePayload(5000))]],
    ["a text that is not UTF-8", 1007, [masked([0x68, 0xc3, 0x28])]],
    ["an encoded surrogate", 1007, [masked([0xed, 0xa0, 0x80])]],
    ["an overlong slash", 1007, [masked([0xc0, 0xaf])]],
    ["a text that ends inside a character", 1007, [masked([0xe2, 0x82])]],
    [
      "UTF-8 broken in the second fragment",
      1007,
      [masked([0xe2], { fin: false }), frame(0, Buffer.from([0x28, 0xa1]))],
    ],
    ["a close reason that is not UTF-8", 1007, [frame(8, Buffer.from([0x03, 0xe8, 0xff]))]],
    ["a frame above the limit", 1009, [frame(2, "", { length: kMessageLimit + 1 })]],
    [
      "fragments above the limit together",
      1009,
      [frame(2, "x", { fin: false }), frame(0, "", { length: kMessageLimit })],
    ],
  ];

  for (const [what, code, frames] of violations) {
    it(`closes ${what} with ${code}`, async () => {
      const raw = await RawWebSocket.open(server);
      raw.send(...frames);
      assert.equal(await raw.closeCode(), code);
    });
  }

  it("gets its close code out although input is left unread", async () => {
    const raw = await RawWebSocket.open(server);
    raw.send(frame(3, "x"), frame(2, Buffer.alloc(400_000)));
    const { opcode, payload } = await raw.frame();
    assert.deepEqual([opcode, payload.readUInt16BE(0)], [8, 1002]);
    raw.destroy();
  });

  it("closes a compressed ping with 1002", async () => {
    const raw = await RawWebSocket.open(server, "/", ["Sec-WebSocket-Extensions: permessage-deflate"]);
    assert.match(raw.head, /permessage-deflate/i);
    raw.send(frame(9, "x", { rsv: 4 }));
    assert.equal(await raw.closeCode(), 1002);
  });

  it("closes a corrupt deflate stream with 1007", async () => {
    const raw = await RawWebSocket.open(server, "/", ["Sec-WebSocket-Extensions: permessage-deflate"]);
    raw.send(frame(1, Buffer.from([0x07, 0xff, 0xff, 0xff]), { rsv: 4 }));
    assert.equal(await raw.closeCode(), 1007);
  });

  it("computes Sec-WebSocket-Accept as in RFC 6455 1.3", async () => {
    const raw = await RawWebSocket.open(server);
    assert.match(raw.head, /^HTTP\/1\.1 101 /);
    assert.match(raw.head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
    raw.destroy();
  });

  it("names the versions it speaks to one it does not", async () => {
    const asked = upgradeRequest(server, "/").replace("Version: 13", "Version: 99");
    const answer = await exchange(server, asked.replace("Connection: Upgrade", "Connection: Upgrade, close"));
    assert.match(answer, /^HTTP\/1\.1 4(00|26) /);
    assert.match(answer, /sec-websocket-version:[^\r]*\b13\b/i);
  });

  it("refuses a key that is not 16 bytes", async () => {
    const asked = upgradeRequest(server, "/").replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=");
    assert.match(await exchange(server, asked.replace("Connection: Upgrade", "Connection: Upgrade, close")), /^HTTP\/1\.1 400 /);
  });
});
