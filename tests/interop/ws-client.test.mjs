// naru's WebSocket client against the npm server `ws`. The client is the profile `websocket-client`
// of naru-conformance, which asks how many cases there are and echoes in each; so the cases are here.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { WebSocketServer } from "ws";

import { kRoot } from "./lib/server.mjs";
import { collect, next, numbers } from "./lib/wait.mjs";

const kBinary = process.env.NARU_CONFORMANCE ?? `${kRoot}build/dev/bin/naru-conformance`;

// Has the client run these cases, functions of (socket, request); what it printed for each.
async function run(cases, serverOptions = {}, ...more) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", maxPayload: 1 << 26, ...serverOptions });
  await once(server, "listening");
  const failures = [];
  let reported = false;
  server.on("connection", async (socket, request) => {
    const url = new URL(request.url, "ws://here");
    try {
      if (url.pathname === "/getCaseCount") {
        socket.send(String(cases.length));
      } else if (url.pathname === "/runCase") {
        await cases[url.searchParams.get("case") - 1](socket, request);
      } else {
        assert.equal(url.pathname, "/updateReports");
        reported = true;
      }
    } catch (error) {
      failures.push(error);
    }
    socket.close(1000);
  });
  const client = spawn(
    kBinary,
    ["--profile", "websocket-client", "--url", `ws://127.0.0.1:${server.address().port}`, ...more],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let said = "";
  client.stdout.setEncoding("utf8").on("data", (chunk) => (said += chunk));
  const [code] = await once(client, "close");
  server.close();
  assert.deepEqual(failures, []);
  return { code, reported, lines: said.split("\n").slice(0, -1) };
}

async function echo(socket, message) {
  const answer = next(socket, "message");
  socket.send(message);
  const [data, isBinary] = await answer;
  assert.equal(isBinary, typeof message !== "string");
  assert.ok(Buffer.from(message).equals(data), "another message came back");
}

const kText = "나루, é, plain. ".repeat(20_000);
const kBytes = Buffer.from(numbers(300_000).map((n) => (n * n) & 255));

describe("the client against ws", { timeout: 60_000 }, () => {
  for (const perMessageDeflate of [false, true, { serverNoContextTakeover: true, clientNoContextTakeover: true }]) {
    it(`echoes every length class, permessage-deflate ${JSON.stringify(perMessageDeflate)}`, async () => {
      const lengths = [0, 1, 125, 126, 127, 1023, 1024, 65535, 65536, 250_000];
      const { code, reported, lines } = await run(
        [
          async (socket) => {
            assert.equal(socket.extensions.includes("permessage-deflate"), perMessageDeflate !== false);
            for (const length of lengths) await echo(socket, kText.slice(0, length));
          },
          async (socket) => {
            for (const length of lengths) await echo(socket, kBytes.subarray(0, length));
          },
          async (socket) => {
            const heard = collect(socket, "message", String);
            for (const n of numbers(2000)) socket.send(`${n} ${kText.slice(0, n)}`);
            const all = await heard.count(2000);
            for (const n of numbers(2000)) assert.equal(all[n], `${n} ${kText.slice(0, n)}`);
          },
        ],
        { perMessageDeflate },
      );
      assert.deepEqual({ code, reported }, { code: 0, reported: true });
      assert.deepEqual(lines, [1, 2, 3].map((n) => `case ${n} of 3: open close 1000`));
    });
  }

  it("joins fragments, and answers pings between them", async () => {
    const { code } = await run([
      async (socket) => {
        const answer = next(socket, "message");
        const pong = next(socket, "pong");
        socket.send("one ", { fin: false });
        socket.ping("between");
        socket.send("two", { fin: true });
        assert.equal(String((await answer)[0]), "one two");
        assert.equal(String((await pong)[0]), "between");
      },
    ]);
    assert.equal(code, 0);
  });

  it("takes the subprotocol that the server chooses, and leaves one that chooses none", async () => {
    const choose = { handleProtocols: (offered) => (offered.has("b") ? "b" : false) };
    const agreed = await run([async (socket) => assert.equal(socket.protocol, "b")], choose, "--subprotocol", "a", "b");
    assert.deepEqual(agreed.lines, ["case 1 of 1: open b close 1000"]);
    const alone = await run([async () => {}], choose, "--subprotocol", "a");
    assert.equal(alone.code, 1);
    assert.match(alone.lines[0], /handshake/);
  });

  it("hears every kind of end", async () => {
    const { lines } = await run([
      async (socket) => socket.close(4321, "farewell, 나루"),
      async (socket) => socket.close(),
      async (socket) => socket.terminate(),
      async (socket) => socket._socket.end(),
    ]);
    assert.deepEqual(lines, [
      "case 1 of 4: open close 4321 farewell, 나루",
      "case 2 of 4: open close 1005",
      "case 3 of 4: open close 1006",
      "case 4 of 4: open close 1006",
    ]);
  });

  it("answers what breaks the protocol with its code", async () => {
    const coded = async (socket, bytes, code) => {
      socket.on("error", () => {});
      const closed = next(socket, "close");
      socket._socket.write(bytes);
      assert.equal((await closed)[0], code);
    };
    await run([
      (socket) => coded(socket, Buffer.from([0x83, 0]), 1002),
      (socket) => coded(socket, Buffer.from([0x81, 0x82, 1, 2, 3, 4, 5, 6]), 1002),
      (socket) => coded(socket, Buffer.from([0x81, 1, 0xff]), 1007),
      (socket) => coded(socket, Buffer.from([0x82, 127, 0, 0, 0, 0, 0x7f, 0, 0, 0]), 1009),
    ]);
  });
});
