// Engine.IO revision 4 at the level of HTTP: error codes, CORS, overlapping requests.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { RawWebSocket, begin, exchange, frame, request, upgradeRequest } from "./lib/raw.mjs";
import { startProfile } from "./lib/server.mjs";

const kPolling = "/engine.io/?EIO=4&transport=polling";
const kErrors = [
  '{"code":0,"message":"Transport unknown"}',
  '{"code":1,"message":"Session ID unknown"}',
  '{"code":2,"message":"Bad handshake method"}',
  '{"code":3,"message":"Bad request"}',
  '{"code":4,"message":"Forbidden"}',
  '{"code":5,"message":"Unsupported protocol version"}',
];

describe("engineio-v4 over HTTP", { timeout: 30_000 }, () => {
  let server;

  before(async () => (server = await startProfile("engineio-v4")));
  after(async () => {
    RawWebSocket.destroyAll();
    await server.stop();
  });

  // The path of a fresh polling session.
  async function session() {
    const answer = await request(server, kPolling);
    assert.equal(answer.status, 200);
    return `${kPolling}&sid=${JSON.parse(answer.body.slice(1)).sid}`;
  }

  const post = (path, body, headers = {}) => request(server, path, { method: "POST", body, headers });
  const isGone = async (path) => assert.equal((await request(server, path)).body, kErrors[1]);

  // Answers pings until the session sends something else.
  async function poll(path) {
    for (;;) {
      const answer = await request(server, path);
      if (answer.body !== "2") return answer;
      await post(path, "3");
    }
  }

  function assertError(answer, code, status = 400) {
    assert.deepEqual([answer.status, answer.body], [status, kErrors[code]]);
    assert.match(answer.headers["content-type"], /^application\/json/);
  }

  describe("errors", () => {
    const plain = [
      ["no transport", "GET", "/engine.io/?EIO=4", 0],
      ["an unknown transport", "GET", "/engine.io/?EIO=4&transport=abc", 0],
      ["WebTransport by HTTP", "GET", "/engine.io/?EIO=4&transport=webtransport", 0],
      ["a transport named like a property", "GET", "/engine.io/?EIO=4&transport=constructor", 0],
      ["an unknown session", "GET", `${kPolling}&sid=AAAAAAAAAAAAAAAAAAAA`, 1],
      ["an unknown session by POST", "POST", `${kPolling}&sid=AAAAAAAAAAAAAAAAAAAA`, 1],
      ["a session named like a property", "GET", `${kPolling}&sid=__proto__`, 1],
      ["a handshake by POST", "POST", kPolling, 2],
      ["a handshake by PUT", "PUT", kPolling, 2],
      ["WebSocket without an upgrade", "GET", "/engine.io/?EIO=4&transport=websocket", 3],
      ["revision 3", "GET", "/engine.io/?EIO=3&transport=polling", 5],
      ["no revision", "GET", "/engine.io/?transport=polling", 5],
      ["a revision that is no number", "GET", "/engine.io/?EIO=abc&transport=polling", 5],
    ];
    for (const [what, method, path, code] of plain) {
      it(`answers ${what} with code ${code}`, async () => {
        assertError(await request(server, path, { method }), code);
      });
    }

    it("takes the last of a repeated parameter", async () => {
      assertError(await request(server, `${kPolling}&transport=abc`), 0);
    });

    it("answers a polling request after an upgrade with code 3", async () => {
      const path = await session();
      const raw = await RawWebSocket.open(server, path.replace("polling", "websocket"));
      raw.send(frame(1, "2probe"));
      assert.equal((await raw.frame()).payload.toString(), "3probe");
      raw.send(frame(1, "5"), frame(1, "4moved"));
      let payload;
      do payload = (await raw.frame()).payload.toString();
      while (payload === "2");
      assert.equal(payload, "4moved");
      assertError(await request(server, path), 3);
      raw.destroy();
    });

    const upgrades = [
      ["an unknown transport", "/engine.io/?EIO=4&transport=abc", "Transport unknown"],
      ["an unknown session", "/engine.io/?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA", "Session ID unknown"],
    ];
    for (const [what, path, message] of upgrades) {
      it(`refuses an upgrade to ${what} before the 101`, async () => {
        const answer = await exchange(server, upgradeRequest(server, path));
        assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
        assert.match(answer, /\r\nconnection: close\r\n/i);
        assert.equal(answer.slice(answer.indexOf("\r\n\r\n") + 4), message);
      });
    }

    it("refuses an upgrade of revision 3", async () => {
      const answer = await exchange(server, upgradeRequest(server, "/engine.io/?EIO=3&transport=websocket"));
      assert.match(answer, /HTTP\/1\.1 400 /);
      assert.match(answer, /Unsupported protocol version$/);
    });

    it("answers a refused handshake with code 4 and 403", async () => {
      const strict = await startProfile("engineio-client");
      try {
        assertError(await request(strict, `${kPolling}&deny=1`), 4, 403);
        const answer = await exchange(strict, upgradeRequest(strict, "/engine.io/?EIO=4&transport=websocket&deny=1"));
        assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
        assert.match(answer, /Forbidden$/);
      } finally {
        await strict.stop();
      }
    });

    it("leaves paths of others alone", async () => {
      assert.equal((await request(server, "/elsewhere?EIO=4&transport=polling")).status, 404);
    });
  });

  describe("polling", () => {
    it("opens with the headers and the five keys", async () => {
      const answer = await request(server, kPolling);
      assert.equal(answer.status, 200);
      assert.match(answer.headers["content-type"], /^text\/plain; charset=utf-8$/i);
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.match(
        answer.body,
        /^0\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\["websocket"\],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000\}$/,
      );
    });

    it("echoes a payload of text and binary", async () => {
      const path = await session();
      const posted = await post(path, "4a\x1e4b\x1ebAQIDBA==");
      assert.deepEqual([posted.status, posted.body], [200, "ok"]);
      assert.match(posted.headers["content-type"], /^text\/html/);
      assert.equal((await poll(path)).body, "4a\x1e4b\x1ebAQIDBA==");
    });

    it("takes a chunked body in pieces", async () => {
      const path = await session();
      const { request: posting, answer } = begin(server, path, { method: "POST", open: true });
      for (const piece of ["4sp", "li", "t"]) await new Promise((done) => posting.write(piece, done));
      posting.end();
      assert.equal((await answer).body, "ok");
      assert.equal((await poll(path)).body, "4split");
    });

    it("closes the session on two polls at once", async () => {
      const path = await session();
      const answers = await Promise.all([request(server, path), request(server, path)]);
      const [second, first] = answers.sort((a, b) => b.status - a.status);
      assert.deepEqual([first.status, first.body], [200, "1"]);
      assert.deepEqual([second.status, second.body], [400, ""]);
      await isGone(path);
    });

    it("closes the session on two posts at once", async () => {
      const path = await session();
      const first = begin(server, path, { method: "POST", headers: { "content-length": 20 }, open: true });
      await new Promise((done) => first.request.write("4half", done));
      // The first is under way once the server took it up: ask until the second one clashes.
      let second;
      do second = await post(path, "4whole");
      while (second.status === 200);
      assert.deepEqual([second.status, second.body], [400, ""]);
      first.request.destroy();
      await isGone(path);
    });

    it("takes a close by POST, which ends the waiting poll", async () => {
      const path = await session();
      const waiting = request(server, path);
      assert.equal((await post(path, "1")).body, "ok");
      const answer = await waiting;
      assert.deepEqual([answer.status, answer.body], [200, "6"]);
      await isGone(path);
    });

    it("refuses binary posts", async () => {
      const path = await session();
      const answer = await post(path, Buffer.from([1, 2]), { "content-type": "application/octet-stream" });
      assert.deepEqual([answer.status, answer.body], [400, ""]);
      await isGone(path);
    });

    for (const [what, body] of [
      ["of an unknown type", "abc"],
      ["that is empty", "4ok\x1e"],
    ]) {
      it(`closes the session on a packet ${what}`, async () => {
        const path = await session();
        // 400, a reset, or "ok" (Node's server): clients cannot rely on any. The session is over.
        await post(path, body).catch(() => {});
        await isGone(path);
      });
    }

    it("refuses a post above the limit with 413", async () => {
      const path = await session();
      const answer = await post(path, `4${"x".repeat(1_000_000)}`);
      assert.deepEqual([answer.status, answer.body], [413, ""]);
    });

    it("refuses a chunked post above the limit with 413", async () => {
      const path = await session();
      const posting = begin(server, path, { method: "POST", open: true });
      posting.request.write("4");
      posting.request.end("x".repeat(1_000_000));
      assert.equal((await posting.answer).status, 413);
    });

    it("takes a post of exactly the limit", async () => {
      const path = await session();
      const body = `4${"x".repeat(999_999)}`;
      assert.equal((await post(path, body)).body, "ok");
      assert.equal((await poll(path)).body, body);
    });

    it("answers other methods with 500 and keeps the session", async () => {
      const path = await session();
      assert.equal((await request(server, path, { method: "DELETE" })).status, 500);
      assert.equal((await post(path, "4still")).body, "ok");
      assert.equal((await poll(path)).body, "4still");
    });
  });

  describe("upgrade", () => {
    it("answers the waiting poll with a noop after the probe", async () => {
      const path = await session();
      const waiting = request(server, path);
      const raw = await RawWebSocket.open(server, path.replace("polling", "websocket"));
      raw.send(frame(1, "2probe"));
      assert.equal((await raw.frame()).payload.toString(), "3probe");
      const { body } = await waiting;
      if (body === "2") await post(path, "3");  // the heartbeat came first
      else assert.equal(body, "6");
      raw.send(frame(1, "5"), frame(1, "4hello"));
      assert.match((await raw.frame()).payload.toString(), /^(4hello|2)$/);
      raw.destroy();
    });

    it("goes on polling when the probe is wrong", async () => {
      const path = await session();
      const raw = await RawWebSocket.open(server, path.replace("polling", "websocket"));
      raw.send(frame(1, "4not a probe"));
      await raw.closeCode();
      assert.equal((await post(path, "4still")).body, "ok");
      assert.equal((await poll(path)).body, "4still");
    });

    it("closes a second WebSocket of one session", async () => {
      const path = (await session()).replace("polling", "websocket");
      const raw = await RawWebSocket.open(server, path);
      raw.send(frame(1, "2probe"));
      await raw.frame();
      raw.send(frame(1, "5"));
      const second = await RawWebSocket.open(server, path);
      if (second.head.startsWith("HTTP/1.1 101 ")) await second.closeCode();
      else assert.match(second.head, /^HTTP\/1\.1 400 /);
      raw.send(frame(1, "4first"));
      assert.match((await raw.frame()).payload.toString(), /^(4first|2)$/);
      raw.destroy();
    });
  });

  describe("CORS", () => {
    const origin = "http://elsewhere.example";

    it("lets everybody read answers and errors", async () => {
      for (const path of [kPolling, "/engine.io/?EIO=4&transport=abc"]) {
        const answer = await request(server, path, { headers: { origin } });
        assert.equal(answer.headers["access-control-allow-origin"], "*");
      }
    });

    it("answers a preflight by itself", async () => {
      const answer = await request(server, kPolling, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-mine" },
      });
      assert.deepEqual([answer.status, answer.body], [204, ""]);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.equal(answer.headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
      assert.equal(answer.headers["access-control-allow-headers"], "x-mine");
      assert.match(answer.headers.vary, /Access-Control-Request-Headers/i);
    });

    it("says nothing of credentials", async () => {
      const answer = await request(server, kPolling, { headers: { origin } });
      assert.equal(answer.headers["access-control-allow-credentials"], undefined);
    });
  });
});
