// STOMP by the npm client `@stomp/stompjs`, over WebSocket, plain TCP and `sockjs-client`.

import { Client } from "@stomp/stompjs";
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import SockJS from "sockjs-client";
import WebSocket from "ws";

import { startProfile } from "./lib/server.mjs";

// What stompjs wants of a WebSocket, on a TCP connection.
class TcpSocket {
  constructor(port) {
    this.url = `tcp://127.0.0.1:${port}`;
    this.readyState = 0;
    this.socket = net.connect(port, "127.0.0.1", () => {
      this.readyState = 1;
      this.onopen?.();
    });
    this.socket.on("data", (data) => this.onmessage?.({ data: new Uint8Array(data).buffer }));
    this.socket.on("close", () => {
      this.readyState = 3;
      this.onclose?.({ code: 1000, wasClean: true });
    });
    this.socket.on("error", (error) => this.onerror?.(error));
  }
  send(data) {
    this.socket.write(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
  }
  close() {
    this.socket.end();
  }
}

describe("stomp", { timeout: 40_000 }, () => {
  let server;
  let tcpPort;
  const clients = [];

  before(async () => {
    tcpPort = await freePort();
    server = await startProfile("stomp", 0, "--tcp", `127.0.0.1:${tcpPort}`);
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.deactivate()));
    await server.stop();
  });

  async function freePort() {
    const probe = net.createServer();
    await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }

  const sockjs = (transport) => new SockJS(`${server.url}/sockjs`, null, { transports: [transport] });
  const ways = {
    WebSocket: () =>
      new WebSocket(`ws://127.0.0.1:${server.port}/ws`, ["v12.stomp", "v11.stomp", "v10.stomp"]),
    TCP: () => new TcpSocket(tcpPort),
    "SockJS websocket": () => sockjs("websocket"),
    "SockJS xhr-streaming": () => sockjs("xhr-streaming"),
    "SockJS eventsource": () => sockjs("eventsource"),
    "SockJS xhr-polling": () => sockjs("xhr-polling"),
  };

  for (const [way, webSocketFactory] of Object.entries(ways)) {
    async function connect(passcode = "guest", factory = webSocketFactory) {
      const client = new Client({
        webSocketFactory: factory,
        connectHeaders: { login: "guest", passcode },
        reconnectDelay: 0,
      });
      clients.push(client);
      return new Promise((resolve, reject) => {
        client.onConnect = () => resolve(client);
        client.onStompError = (frame) => reject(new Error(frame.headers.message));
        client.activate();
      });
    }
    function subscribe(client, destination, headers = {}) {
      const waiting = [];
      const heard = [];
      return new Promise((resolve) => {
        client.watchForReceipt(`sub-${way}-${destination}`, () =>
          resolve(() =>
            heard.length > 0
              ? Promise.resolve(heard.shift())
              : new Promise((next) => waiting.push(next)),
          ),
        );
        client.subscribe(
          destination,
          (message) => (waiting.length > 0 ? waiting.shift()(message) : heard.push(message)),
          { ...headers, receipt: `sub-${way}-${destination}` },
        );
      });
    }

    it(`carries text and binary by ${way}`, async () => {
      const client = await connect();
      const next = await subscribe(client, `/topic/news.${way}`);
      client.publish({ destination: `/topic/news.${way}`, body: "안녕", headers: { k: "a:b\n" } });
      const text = await next();
      assert.equal(text.body, "안녕");
      assert.equal(text.headers.k, "a:b\n");
      const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) & 255);
      if (way.startsWith("SockJS")) {
        // It carries text only: what others send, arrives so.
        const other = await connect("guest", ways.TCP);
        other.publish({ destination: `/topic/news.${way}`, binaryBody: bytes });
        const message = await next();
        assert.equal(message.headers["content-transfer-encoding"], "base64");
        assert.deepEqual(new Uint8Array(Buffer.from(message.body, "base64")), bytes);
        return;
      }
      client.publish({ destination: `/topic/news.${way}`, binaryBody: bytes });
      assert.deepEqual((await next()).binaryBody, bytes);
    });

    it(`redelivers what was rejected by ${way}`, async () => {
      const client = await connect();
      const next = await subscribe(client, `/queue/jobs.${way}`, { ack: "client-individual" });
      client.publish({ destination: `/queue/jobs.${way}`, body: "job" });
      const first = await next();
      first.nack();
      const second = await next();
      assert.equal(second.body, "job");
      assert.equal(second.headers.redelivered, "true");
      second.ack();
      client.publish({ destination: `/queue/jobs.${way}`, body: "another" });
      assert.equal((await next()).body, "another");
    });

    it(`refuses a wrong passcode by ${way}`, async () => {
      await assert.rejects(connect("wrong"), /access refused/);
    });
  }
});
