// naru::StompClient against naru's own broker and beside the npm client `@stomp/stompjs`. With
// STOMP_BROKER=stomp://host:port the same cases run against another broker (login guest, guest).

import { Client } from "@stomp/stompjs";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import WebSocket from "ws";

import { CppClient } from "./lib/cpp-client.mjs";
import { programPath, startProfile } from "./lib/server.mjs";

const kOther = process.env.STOMP_BROKER;
const kRun = process.pid;  // other brokers keep their queues
const kGuest = { login: "guest", passcode: "guest" };

describe("naru::StompClient", { timeout: 60_000 }, () => {
  let server;
  let tcpPort;
  let cpp;
  const urls = {};

  async function freePort() {
    const probe = net.createServer();
    await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }

  before(async () => {
    cpp = new CppClient("naru-messaging-client");
    if (kOther) {
      urls.tcp = kOther;
      if (process.env.STOMP_WEBSOCKET) urls.websocket = process.env.STOMP_WEBSOCKET;
      return;
    }
    tcpPort = await freePort();
    server = await startProfile("stomp", 0, "--tcp", `127.0.0.1:${tcpPort}`);
    urls.tcp = `stomp://127.0.0.1:${tcpPort}`;
    urls.websocket = `ws://127.0.0.1:${server.port}/ws`;
    urls.sockjs = `sockjs+http://127.0.0.1:${server.port}/sockjs`;
  });
  after(async () => {
    await cpp.end();
    await server?.stop();
  });

  async function connect(name, url, options = kGuest) {
    cpp.tell("stomp", name, url, options);
    return cpp.next("connect", name);
  }
  async function subscribe(name, client, destination, ack = "auto", headers = {}) {
    cpp.tell("subscribe", name, client, destination, ack, headers);
    await cpp.next("subscribed", name);
  }

  const others = process.env.STOMP_WEBSOCKET ? ["tcp", "websocket"] : ["tcp"];
  for (const way of kOther ? others : ["tcp", "websocket", "sockjs"]) {
    it(`sends and receives by ${way}`, async () => {
      const topic = `/topic/client.${way}`;
      assert.equal((await connect(`a-${way}`, urls[way]))[2], "1.2");
      await subscribe(`s-${way}`, `a-${way}`, topic);
      cpp.tell("send", `a-${way}`, topic, "안녕", { k: "a:b\n\\" }, `r-${way}`);
      const [, , body, headers] = await cpp.next("message", `s-${way}`);
      assert.equal(body, "안녕");
      assert.equal(headers.k, "a:b\n\\");
      assert.deepEqual(await cpp.next("receipt", `r-${way}`), ["receipt", `r-${way}`, null]);
      const long = "나루 ".repeat(20_000);
      cpp.tell("send", `a-${way}`, topic, long, {}, null);
      assert.equal((await cpp.next("message", `s-${way}`))[2], long);
    });

    it(`acknowledges, rejects and works in transactions by ${way}`, async () => {
      const [work, done] = [`/queue/work.${way}.${kRun}`, `/queue/done.${way}.${kRun}`];
      const client = `t-${way}`;
      await connect(client, urls[way]);
      await subscribe(`w-${way}`, client, work, "client-individual");
      await subscribe(`d-${way}`, client, done);
      cpp.tell("send", client, work, "job", {}, null);
      assert.equal((await cpp.next("message", `w-${way}`))[2], "job");
      cpp.tell("nack", `w-${way}`, "job", null);
      const again = await cpp.next("message", `w-${way}`);
      assert.deepEqual([again[2], again[3].redelivered], ["job", "true"]);
      cpp.tell("ack", `w-${way}`, "job", null);

      cpp.tell("begin", `x-${way}`, client);
      cpp.tell("send-in", `x-${way}`, done, "never");
      cpp.tell("abort", `x-${way}`);
      assert.deepEqual(await cpp.next("receipt", `x-${way}`), ["receipt", `x-${way}`, null]);
      cpp.tell("send", client, work, "second", {}, null);
      assert.equal((await cpp.next("message", `w-${way}`))[2], "second");
      cpp.tell("begin", `y-${way}`, client);
      cpp.tell("ack-in", `y-${way}`, `w-${way}`, "second");
      cpp.tell("send-in", `y-${way}`, done, "result");
      cpp.tell("commit", `y-${way}`);
      assert.deepEqual(await cpp.next("receipt", `y-${way}`), ["receipt", `y-${way}`, null]);
      assert.equal((await cpp.next("message", `d-${way}`))[2], "result", "and not what was aborted");
      cpp.tell("close", client);
      assert.deepEqual(await cpp.next("disconnect", client), ["disconnect", client, "closed"]);
    });

    it(`takes a wrong passcode as final by ${way}`, async () => {
      cpp.tell("stomp", `p-${way}`, urls[way], { login: "guest", passcode: "wrong" });
      const [, , text] = await cpp.next("failure", `p-${way}`);
      assert.match(text, /^handshake: ERROR: /);
    });
  }

  it("talks with a browser's client", { skip: Boolean(kOther) }, async () => {
    const browser = new Client({
      webSocketFactory: () => new WebSocket(urls.websocket, ["v12.stomp"]),
      connectHeaders: kGuest,
      reconnectDelay: 0,
    });
    await new Promise((resolve) => {
      browser.onConnect = resolve;
      browser.activate();
    });
    await connect("b", urls.tcp);
    await subscribe("b-topic", "b", "/topic/both");
    const heard = new Promise((resolve) => browser.subscribe("/topic/both", resolve));
    browser.publish({ destination: "/topic/both", body: "from the browser" });
    assert.equal((await cpp.next("message", "b-topic"))[2], "from the browser");
    assert.equal((await heard).body, "from the browser");
    await browser.deactivate();
  });

  it("works off a queue as the example does", { skip: Boolean(kOther) }, async () => {
    await connect("e", urls.tcp);
    await subscribe("results", "e", "/queue/results");
    const worker = spawn(programPath("example_worker"), [urls.tcp], { stdio: ["ignore", "ignore", "inherit"] });
    const exited = once(worker, "exit");
    cpp.tell("send", "e", "/queue/jobs", "four", {}, null);
    assert.equal((await cpp.next("message", "results"))[2], "4");
    worker.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  });

  it("comes back to a broker that was started again", { skip: Boolean(kOther) }, async () => {
    await connect("r", urls.tcp);
    await subscribe("r-topic", "r", "/topic/again");
    await server.stop();
    await cpp.next("disconnect", "r");
    server = await startProfile("stomp", 0, "--tcp", `127.0.0.1:${tcpPort}`);
    await cpp.next("connect", "r");
    await cpp.next("subscribed", "r-topic");
    cpp.tell("send", "r", "/topic/again", "back", {}, null);
    assert.equal((await cpp.next("message", "r-topic"))[2], "back");
  });
});
