// sockjs-client in Node over each transport that it has there. (Browsers: sockjs.browser.test.mjs.)

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import SockJS from "sockjs-client";

import { startProfile } from "./lib/server.mjs";
import { sockjsCases } from "./lib/sockjs-cases.mjs";

// Closed as soon as it is tried.
function outcome(url, transports) {
  return new Promise((resolve) => {
    const socket = new SockJS(url, null, { transports });
    socket.onclose = ({ code, reason }) => resolve({ code, reason });
  });
}

for (const loops of [1, 4]) {
  describe(`sockjs-client, ${loops} loops`, { timeout: 120_000 }, () => {
    let server;
    before(async () => {
      server = await startProfile("sockjs", 0, "--loops", String(loops));
    });
    after(() => server?.stop());

    for (const transport of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]) {
      for (const name of Object.keys(sockjsCases(SockJS, "", transport))) {
        it(`${name} over ${transport}`, async () => {
          const { sent, got } = sockjsCases(SockJS, server.url, transport)[name]();
          assert.deepEqual(await got, sent);
        });
      }
    }

    it("finds out that there is no WebSocket", async () => {
      assert.deepEqual(await outcome(`${server.url}/disabled_websocket_echo`, ["websocket"]),
        { code: 2000, reason: "All transports failed" });
    });
    it("finds out that there is no service", async () => {
      const { code } = await outcome(`${server.url}/nothing`, ["websocket"]);
      assert.ok(code === 1002 || code === 404, String(code));
    });
    it("shares a topic by every transport", async () => {
      const all = [];
      for (const transport of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]) {
        const socket = new SockJS(`${server.url}/broadcast`, null, { transports: [transport] });
        const heard = [];
        all.push({ socket, heard });
        socket.onmessage = ({ data }) => heard.push(data);
        await new Promise((opened) => { socket.onopen = opened; });
      }
      const sent = Array.from({ length: 50 }, (_, i) => `${i} 나루 \u2028`);
      for (const message of sent) all[0].socket.send(message);
      while (all.some(({ heard }) => heard.length < sent.length + 1)) await new Promise((soon) => setTimeout(soon, 5));
      for (const { heard, socket } of all) {
        assert.deepEqual(heard.slice(1), sent);
        socket.close();
      }
    });
  });
}
