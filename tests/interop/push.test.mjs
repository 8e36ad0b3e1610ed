// One topic by Socket.IO, STOMP over SockJS, EventSource and long polling, while connections are cut
// at random: all see the same messages in the same order, none lost and none twice.

import { Client } from "@stomp/stompjs";
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { EventSource } from "eventsource";
import { io } from "socket.io-client";
import SockJS from "sockjs-client";
import { startServe } from "./lib/server.mjs";

const kKey = "an api key";
const kMessages = 400;
const kLimit = 60_000;  // ms; only ends a test that has failed

let server;
before(async () => {
  const file = join(mkdtempSync(join(tmpdir(), "naru-push-")), "naru.toml");
  writeFileSync(file, `
listen = "127.0.0.1:0"
loops = 3
log = "error"
api_keys = "${kKey}"
[stomp]
sockjs = "/stomp/sockjs"
[[topics]]
prefix = "prices"
history = 10000
socketio = true
`);
  server = await startServe(["--config", file]);
});
after(() => server?.stop());

// A TCP proxy that cuts all of its connections when it is told to.
class Cutter {
  static async start(port) {
    const cutter = new Cutter();
    cutter.sockets = new Set();
    cutter.server = createServer((client) => {
      const upstream = connect(port, "127.0.0.1");
      for (const [from, to] of [[client, upstream], [upstream, client]]) {
        cutter.sockets.add(from);
        from.on("error", () => {});
        from.on("close", () => {
          cutter.sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    await new Promise((resolve) => cutter.server.listen(0, "127.0.0.1", resolve));
    cutter.url = `http://127.0.0.1:${cutter.server.address().port}`;
    cutter.cuts = 0;
    return cutter;
  }
  cut() {
    for (const socket of this.sockets) {
      if (socket.destroyed) continue;
      socket.resetAndDestroy();
      this.cuts += 1;
    }
  }
  close() {
    this.cut();
    this.server.close();
  }
}

async function publish(data) {
  const answer = await fetch(`${server.url}/api/publish`, {
    method: "POST",
    headers: { authorization: `Bearer ${kKey}`, "content-type": "application/json" },
    body: JSON.stringify({ topic: "prices", event: "tick", data }),
  });
  assert.equal(answer.status, 200);
  return answer.json();
}

function until(list, count) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      clearInterval(look);
      reject(new Error(`${list.length} of ${count} came`));
    }, kLimit);
    const look = setInterval(() => {
      if (list.length < count) return;
      clearInterval(look);
      clearTimeout(timer);
      resolve();
    }, 20);
  });
}

async function bySocketIo(url, seen, closers) {
  const socket = io(url, { transports: ["websocket"], reconnectionDelay: 10, reconnectionDelayMax: 50 });
  closers.push(() => socket.close());
  socket.on("tick", (data) => seen.push(data.n));
  let recovered = 0;
  await new Promise((resolve) => {
    socket.on("connect", async () => {
      if (socket.recovered) recovered += 1;
      else assert.equal(await socket.emitWithAck("subscribe", "prices"), true);
      resolve();
    });
  });
  return () => recovered;
}

// Where it is, the RECEIPT of its first SUBSCRIBE has told, and then each MESSAGE.
async function byStomp(url, transport, seen, closers) {
  let place = {};
  let connected = 0;
  const client = new Client({
    webSocketFactory: () => new SockJS(`${url}/stomp/sockjs`, null, { transports: [transport] }),
    reconnectDelay: 10,
  });
  closers.push(() => client.deactivate());
  await new Promise((resolve) => {
    client.onConnect = () => {
      const receipt = `subscribed ${connected += 1}`;
      client.watchForReceipt(receipt, ({ headers: { recovered, offset, epoch } }) => {
        if (place.epoch && recovered !== "true") seen.push("reset");
        place = { offset, epoch };
        resolve();
      });
      client.subscribe("/topic/prices", ({ body, headers: { offset, epoch } }) => {
        seen.push(JSON.parse(body).n);
        place = { offset, epoch };
      }, { receipt, ...place });
    };
    client.activate();
  });
  return () => connected;
}

async function byEventSource(url, seen, closers) {
  const source = new EventSource(`${url}/push/prices`);
  closers.push(() => source.close());
  source.addEventListener("tick", (event) => seen.push(JSON.parse(event.data).n));
  source.addEventListener("reset", () => seen.push("reset"));
  let opened = 0;
  await new Promise((resolve) => source.addEventListener("subscribed", () => {
    opened += 1;
    resolve();
  }));
  return () => opened;
}

async function byLongPolling(url, seen, closers) {
  let open = true;
  closers.push(() => { open = false; });
  let { cursor } = await (await fetch(`${url}/push/prices?wait=0`)).json();
  let failed = 0;
  (async () => {
    while (open) {
      try {
        const answer = await (await fetch(`${url}/push/prices?wait=2&cursor=${cursor}`)).json();
        if (!answer.recovered) seen.push("reset");
        seen.push(...answer.messages.map((message) => message.data.n));
        cursor = answer.cursor;
      } catch {
        failed += 1;
      }
    }
  })();
  return () => failed;
}

test("one topic by Socket.IO, STOMP, EventSource and long polling, through cuts", { timeout: kLimit * 2 }, async () => {
  const cutter = await Cutter.start(server.port);
  const closers = [() => cutter.close()];
  try {
    const seen = { socketio: [], stomp: [], stompByXhr: [], eventsource: [], polling: [] };
    const recovered = await bySocketIo(cutter.url, seen.socketio, closers);
    const connected = await byStomp(cutter.url, "websocket", seen.stomp, closers);
    const connectedByXhr = await byStomp(cutter.url, "xhr-streaming", seen.stompByXhr, closers);
    const opened = await byEventSource(cutter.url, seen.eventsource, closers);
    await byLongPolling(cutter.url, seen.polling, closers);
    for (let n = 0; n < kMessages; ++n) {
      await publish({ n });
      // Now and then, so that each has come back in between.
      if (n % 40 === 20) {
        cutter.cut();
        await until(seen.eventsource, n - 10);
      }
    }
    await Promise.all(Object.values(seen).map((each) => until(each, kMessages)));
    const wanted = Array.from({ length: kMessages }, (_, n) => n);
    for (const [by, numbers] of Object.entries(seen)) assert.deepEqual(numbers, wanted, by);
    assert.ok(cutter.cuts >= 10, `${cutter.cuts} connections were cut`);
    assert.ok(opened() > 1, "EventSource came back");
    assert.ok(connected() > 1, "STOMP came back over WebSocket");
    assert.ok(connectedByXhr() > 1, "STOMP came back over xhr-streaming");
    assert.ok(recovered() > 0, "Socket.IO came back as the same socket");
  } finally {
    for (const close of closers) close();
  }
});

test("a stream ends with the server, and EventSource's connection fails", { timeout: kLimit }, async () => {
  const response = await fetch(`${server.url}/push/prices`, { headers: { accept: "text/event-stream" } });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body.getReader();
  const { value } = await reader.read();
  assert.match(new TextDecoder().decode(value), /^retry: \d+\n\n/);
  await reader.cancel();
});
