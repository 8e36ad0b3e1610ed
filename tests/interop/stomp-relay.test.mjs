// naru's relay between `@stomp/stompjs` and the real RabbitMQ, which is stopped and started again.

import { Client } from "@stomp/stompjs";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import SockJS from "sockjs-client";
import WebSocket from "ws";

import { RabbitMq, rabbitMqInstalled } from "./lib/rabbitmq.mjs";
import { startProfile } from "./lib/server.mjs";

const kLimit = 20_000; // ms; only ends a test that has failed

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${kLimit} ms`)), kLimit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const why = rabbitMqInstalled ? false : "rabbitmq-server is not installed";

describe("stomp relay", { skip: why, timeout: 300_000 }, () => {
  let rabbit;
  let server;
  const clients = [];

  before(async () => {
    rabbit = await RabbitMq.make();
    await rabbit.start();
    server = await startProfile("stomp-relay", 0, "--upstream", `127.0.0.1:${rabbit.port}`, "--loops", "2");
    await broker("available", 1);
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.deactivate()));
    await server?.stop();
    await rabbit?.remove();
  });

  // Until naru has said for the `count`th time that the broker is "available" or "away".
  async function broker(state, count) {
    const said = () => server.said.text.split(`broker ${state}\n`).length - 1;
    const all = (async () => {
      while (said() < count) {
        await Promise.race([
          new Promise((resolve) => server.child.stdout.once("data", resolve)),
          new Promise((resolve) => setTimeout(resolve, 100)),
        ]);
      }
    })();
    await within(all, `broker ${state}`);
  }

  const overWebSocket = () => new WebSocket(`ws://127.0.0.1:${server.port}/ws`, ["v12.stomp", "v11.stomp"]);
  const overSockJs = () => new SockJS(`http://127.0.0.1:${server.port}/sockjs`);

  // A client, connected. `reconnectDelay` 0: it does not come back by itself.
  async function connect({ webSocketFactory = overWebSocket, passcode = "s3cret", reconnectDelay = 0 } = {}) {
    const client = new Client({
      webSocketFactory,
      connectHeaders: { login: "anna", passcode },
      reconnectDelay,
    });
    clients.push(client);
    client.errors = [];
    await within(
      new Promise((resolve, reject) => {
        client.onConnect = resolve;
        client.onStompError = (frame) => {
          client.errors.push(frame.headers.message);
          reject(new Error(frame.headers.message));
        };
        client.activate();
      }),
      "connect",
    );
    return client;
  }
  const receipts = { last: 0 };
  // Resolves with the broker's RECEIPT.
  function withReceipt(client, send) {
    const receipt = `r${++receipts.last}`;
    return within(
      new Promise((resolve) => {
        client.watchForReceipt(receipt, resolve);
        send({ receipt });
      }),
      "receipt",
    );
  }
  const publish = (client, destination, body, headers = {}) =>
    withReceipt(client, (receipt) =>
      client.publish({ destination, body, headers: { ...headers, ...receipt } }),
    );
  // Subscribed, and a function that waits for the next message.
  async function subscribe(client, destination, headers = {}) {
    const heard = [];
    const waiting = [];
    await withReceipt(client, (receipt) =>
      client.subscribe(
        destination,
        (message) => (waiting.length > 0 ? waiting.shift()(message) : heard.push(message)),
        { ...headers, ...receipt },
      ),
    );
    return () =>
      within(
        heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((next) => waiting.push(next)),
        "message",
      );
  }
  const ended = (client) =>
    within(new Promise((resolve) => (client.onWebSocketClose = resolve)), "end");

  for (const [way, webSocketFactory] of Object.entries({ WebSocket: overWebSocket, SockJS: overSockJs })) {
    it(`subscribes, sends, acknowledges by ${way}`, async () => {
      const one = await connect({ webSocketFactory });
      const two = await connect({ webSocketFactory });
      const news = await subscribe(one, `/topic/news.*`);
      await publish(two, "/topic/news.today", "안녕", { k: "a:b\n\\" });
      const message = await news();
      assert.equal(message.body, "안녕");
      assert.equal(message.headers.k, "a:b\n\\");
      assert.equal(message.headers.destination, "/topic/news.today");

      const queue = `/queue/jobs-${way}`;
      const jobs = await subscribe(one, queue, { ack: "client-individual" });
      await publish(two, queue, "first");
      const first = await jobs();
      first.nack(); // RabbitMQ gives it again
      const again = await jobs();
      assert.equal(again.body, "first");
      assert.equal(again.headers.redelivered, "true");
      await withReceipt(one, (receipt) => again.ack(receipt));
      const left = await jobsLeft(two, queue, one);
      assert.deepEqual(left, ["marker"]);
    });
  }

  // What `queue` still holds once `owner` has gone, up to a marker.
  async function jobsLeft(client, queue, owner) {
    const gone = ended(owner);
    await owner.deactivate();
    await gone;
    await publish(client, queue, "marker");
    const jobs = await subscribe(client, queue);
    const left = [];
    do left.push((await jobs()).body);
    while (left.at(-1) !== "marker");
    return left;
  }

  it("carries binary, transactions and answers", async () => {
    const client = await connect();
    const next = await subscribe(client, "/topic/bytes");
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255);
    client.publish({ destination: "/topic/bytes", binaryBody: bytes });
    assert.deepEqual((await next()).binaryBody, bytes);

    const aborted = client.begin();
    client.publish({ destination: "/topic/bytes", body: "never", headers: { transaction: aborted.id } });
    aborted.abort();
    const committed = client.begin();
    client.publish({ destination: "/topic/bytes", body: "once", headers: { transaction: committed.id } });
    committed.commit();
    assert.equal((await next()).body, "once");

    const requests = await subscribe(client, "/queue/requests");
    const answer = new Promise((resolve) => (client.onUnhandledMessage = resolve));
    client.publish({ destination: "/queue/requests", body: "2+2", headers: { "reply-to": "/temp-queue/me" } });
    const request = await requests();
    client.publish({ destination: request.headers["reply-to"], body: "4" });
    const answered = await within(answer, "answer");
    assert.equal(answered.body, "4");
    assert.equal(answered.headers.subscription, "/temp-queue/me");
  });

  it("tells errors of either side", async () => {
    await assert.rejects(connect({ passcode: "wrong" }), /access refused/);
    const refused = await connect();
    const refusedEnd = ended(refused);
    refused.subscribe("/queue/secret", () => {});
    await refusedEnd;
    assert.deepEqual(refused.errors, ["access refused"]);
    const unknown = await connect();
    const unknownEnd = ended(unknown);
    unknown.subscribe("/amq/queue/none", () => {}); // RabbitMQ's own error
    await unknownEnd;
    assert.equal(unknown.errors.length, 1);
    assert.match(unknown.errors[0], /not_found/);
  });

  it("shows the broker's topic to event streams", async () => {
    const client = await connect();
    const stream = await fetch(`http://127.0.0.1:${server.port}/push/prices`, {
      headers: { accept: "text/event-stream" },
    });
    const reader = stream.body.getReader();
    let text = "";
    const decoder = new TextDecoder();
    const events = (async () => {
      while (!text.includes("data: 42")) text += decoder.decode((await reader.read()).value);
    })();
    await publish(client, "/topic/prices", "42");
    await within(events, "event");
    await reader.cancel();
  });

  it("tells clients that the broker has gone, and nothing acknowledged is lost", async () => {
    const queue = "/queue/orders";
    const sender = await connect({ reconnectDelay: 100 });
    const acknowledged = []; // by RECEIPT: the broker has them
    for (let i = 0; i < 50; ++i) {
      await publish(sender, queue, `order ${i}`, { persistent: true });
      acknowledged.push(`order ${i}`);
    }
    const worker = await connect();
    const jobs = await subscribe(worker, queue, { ack: "client", "prefetch-count": 10 });
    const done = [];
    for (let i = 0; i < 5; ++i) {
      const job = await jobs();
      await withReceipt(worker, (receipt) => job.ack(receipt));
      done.push(job.body);
    }

    const workerEnd = ended(worker);
    const senderEnd = ended(sender);
    await rabbit.stop();
    await Promise.all([workerEnd, senderEnd, broker("away", 1)]);
    assert.deepEqual(worker.errors, ["connection to broker closed"]);
    // Who connects now is told so at once.
    await assert.rejects(connect(), /broker not available/);

    const senderBack = new Promise((resolve) => (sender.onConnect = resolve));
    await rabbit.start();
    await broker("available", 2);
    await within(senderBack, "reconnection");
    await publish(sender, queue, "order 50", { persistent: true });
    acknowledged.push("order 50");

    const again = await connect();
    const rest = await subscribe(again, queue, { ack: "client" });
    const found = new Set();
    while (found.size < acknowledged.length - done.length) found.add((await rest()).body);
    assert.deepEqual(
      [...found].sort(),
      acknowledged.filter((order) => !done.includes(order)).sort(),
    );
  });
});
