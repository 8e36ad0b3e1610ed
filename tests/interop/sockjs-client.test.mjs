// naru::SockJsClient against naru's own service and that of the npm package `sockjs` (sockjs-node).

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, it } from "node:test";
import sockjs from "sockjs";

import { CppClient } from "./lib/cpp-client.mjs";
import { startProfile } from "./lib/server.mjs";

// What the profile `sockjs` of naru-conformance serves, by sockjs-node.
async function startNode() {
  const server = http.createServer((_, response) => response.writeHead(404).end());
  const serve = (prefix, onConnection, options = {}) => {
    const service = sockjs.createServer({ prefix, log: () => {}, response_limit: 4096, ...options });
    service.on("connection", (connection) => connection && onConnection(connection));
    service.installHandlers(server);
  };
  const echo = (connection) => connection.on("data", (data) => connection.write(data));
  serve("/echo", echo);
  serve("/close", (connection) => connection.close(3000, "Go away!"));
  serve("/disabled_websocket_echo", echo, { websocket: false });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const kServers = { naru: () => startProfile("sockjs", 0, "--loops", "2"), "sockjs-node": startNode };
const kTexts = ["", "plain", "안녕 \u2028 \ufff0 \ud83d\ude00", '"\\\n\u0000', "x".repeat(20_000)];

for (const [who, start] of Object.entries(kServers)) {
  describe(`naru::SockJsClient and ${who}`, { timeout: 40_000 }, () => {
    let server;
    let cpp;
    before(async () => {
      server = await start();
      cpp = new CppClient("naru-messaging-client");
    });
    after(async () => {
      await cpp.end();
      await server.stop();
    });

    for (const transport of ["websocket", "xhr-streaming", "xhr-polling"]) {
      it(`echoes by ${transport}`, async () => {
        const name = `echo-${transport}`;
        cpp.tell("sockjs", name, `${server.url}/echo`, { transports: [transport] });
        await cpp.next("open", name);
        for (const text of kTexts) cpp.tell("say", name, text);
        for (const text of kTexts) assert.equal((await cpp.next("said", name))[2], text);
        // More than an answer may hold, in order.
        const many = Array.from({ length: 300 }, (_, i) => `${i} ${"y".repeat(i)}`);
        for (const text of many) cpp.tell("say", name, text);
        for (const text of many) assert.equal((await cpp.next("said", name))[2], text);
        cpp.tell("leave", name);
        assert.deepEqual(await cpp.next("closed", name), ["closed", name, "closed"]);
      });

      it(`hears why the server closes by ${transport}`, async () => {
        const name = `close-${transport}`;
        cpp.tell("sockjs", name, `${server.url}/close`, { transports: [transport] });
        assert.match((await cpp.next("closed", name))[2], /3000: Go away!$/);
      });
    }

    it("takes the next transport where there is no WebSocket", async () => {
      cpp.tell("sockjs", "next", `${server.url}/disabled_websocket_echo`, {});
      await cpp.next("open", "next");
      cpp.tell("say", "next", "by streaming");
      assert.equal((await cpp.next("said", "next"))[2], "by streaming");
    });

    it("finds out that there is no service", async () => {
      cpp.tell("sockjs", "none", `${server.url}/nothing`, { transports: ["xhr-polling"] });
      assert.match((await cpp.next("failure", "none"))[2], /404/);
    });
  });
}
