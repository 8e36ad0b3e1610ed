// `naru serve` as its operator has it: options and configuration, proxies, certificates, SIGHUP.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import tls from "node:tls";

import { Client } from "@stomp/stompjs";
import SockJS from "sockjs-client";
import WebSocket from "ws";

import { exchange, request, upgradeRequest } from "./lib/raw.mjs";
import { startServe } from "./lib/server.mjs";

const kHttp = ["--listen", "127.0.0.1:0"];
const kUpgrade = "/socket.io/?EIO=4&transport=websocket";
const kPolling = "/socket.io/?EIO=4&transport=polling";
const kPage = "https://example.org";

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), "naru-serve-"))));
after(() => rmSync(folder, { recursive: true }));

// Runs `check` beside `naru serve` with these arguments.
async function serving(args, check) {
  const server = await startServe(args);
  try {
    await check(server);
  } finally {
    await server.stop();
  }
}

// 101 for a WebSocket that is accepted. The request ends with a frame that ends the connection.
async function upgradeStatus(server, ...headers) {
  const answer = await exchange(server, `${upgradeRequest(server, kUpgrade, headers)}\xff`);
  return Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
}

function certificate(name, ...alternatives) {
  const path = (end) => join(folder, `${name}.${end}`);
  execFileSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
    ..."-keyout".split(" "), path("key"), "-out", path("pem"), "-subj", `/CN=${name}`,
    "-addext", `subjectAltName=${alternatives.map((each) => `DNS:${each}`).join()}`,
  ], { stdio: "ignore" });
  return { chain: path("pem"), key: path("key") };
}

// The common name of the certificate that `host` has there.
function subject(server, host) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(
      { host: "127.0.0.1", port: server.port, servername: host, rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}

// Until the server has logged it.
async function logs(server, event) {
  const limit = Date.now() + 10_000;
  while (!server.said.text.includes(event)) {
    assert.ok(Date.now() < limit, `no ${event} in:\n${server.said.text}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("naru serve: who may connect", { timeout: 60_000 }, () => {
  const origin = `Origin: ${kPage}`;

  it("refuses pages of other origins", () =>
    serving(kHttp, async (server) => {
      assert.equal(await upgradeStatus(server), 101);
      assert.equal(await upgradeStatus(server, origin), 403);
    }));

  it("takes pages of the origins that --origin lists", () =>
    serving([...kHttp, "--origin", "https://other.example", "--origin", kPage], async (server) => {
      assert.equal(await upgradeStatus(server, origin), 101);
      assert.equal(await upgradeStatus(server, "Origin: https://evil.example"), 403);
      const answer = await request(server, kPolling, { headers: { Origin: kPage } });
      assert.equal(answer.headers["access-control-allow-origin"], kPage);
    }));

  it("believes the proxies that --trusted-proxy lists", () =>
    serving([...kHttp, "--trusted-proxy", "127.0.0.0/8"], async (server) => {
      const words = ["X-Forwarded-Proto: https", "X-Forwarded-Host: example.org"];
      assert.equal(await upgradeStatus(server, origin, ...words), 101);
      assert.equal(await upgradeStatus(server, origin), 403);
    }));

  it("reads the same from a file", async () => {
    const file = join(folder, "naru.toml");
    writeFileSync(file, `listen = "127.0.0.1:0"\norigins = ["${kPage}"]\ntrusted_proxies = "::1"\n`);
    await serving(["--config", file], async (server) => {
      assert.equal(await upgradeStatus(server, origin), 101);
    });
  });

  it("lets the file say how the ticker's topic behaves", async () => {
    const file = join(folder, "topics.toml");
    writeFileSync(file, `listen = "127.0.0.1:0"\n[[topics]]\nprefix = "ticker"\nsubscribe = "nobody"\n`);
    await serving(["--config", file], async (server) => {
      assert.equal((await request(server, "/push/ticker?wait=0")).status, 403);
    });
  });

  it("asks by SockJS too who may read a topic, and keeps its own from being written", async () => {
    const file = join(folder, "sockjs.toml");
    writeFileSync(file, `listen = "127.0.0.1:0"\nsockjs = "/sockjs"\nsockjs_publish = true\n` +
      `[[topics]]\nprefix = "secret"\nsubscribe = "nobody"\n`);
    await serving(["--config", file], async (server) => {
      const post = async (path, body = "") =>
        String((await request(server, `/sockjs/${path}`, { method: "POST", body })).body);
      assert.equal(await post("secret/000/a/xhr"), "o\n");
      assert.equal(await post("secret/000/a/xhr"), 'c[1008,"not this topic"]\n');
      assert.equal(await post("$presence:secret/000/c/xhr"), "o\n");
      assert.equal(await post("$presence:secret/000/c/xhr"), 'c[1008,"not this topic"]\n');
      assert.equal(await post("$presence:x/000/b/xhr"), "o\n");
      await post("$presence:x/000/b/xhr_send", '["forged"]');
      assert.equal(await post("$presence:x/000/b/xhr"), 'c[1008,"not to this topic"]\n');
    });
  });

  it("asks by STOMP too who may do what, and by patterns", async () => {
    const file = join(folder, "stomp.toml");
    writeFileSync(file, `listen = "127.0.0.1:0"\napi_keys = "k"\n` +
      `[stomp]\nsockjs = "/stomp/sockjs"\nlisten = "stomp://127.0.0.1:0"\n` +
      `[[topics]]\nprefix = "secret"\nsubscribe = "nobody"\npublish = "nobody"\n` +
      `[[topics]]\nprefix = "paid."\nsubscribe = "key"\n` +
      `[[topics]]\nprefix = "paid.free."\n` +
      `[[topics]]\nprefix = "talk."\npublish = "anyone"\n`);
    await serving(["--config", file], async (server) => {
      // What the server answers to one frame of a client of its own: its first frame, or "" for none
      // that would refuse it.
      const outcome = async (passcode, frame, url = "stomp") => {
        const headers = { login: "ann", ...(passcode && { passcode }) };
        const client = new Client({
          webSocketFactory: () => url === "stomp"
            ? new WebSocket(`ws://127.0.0.1:${server.port}/stomp`, ["v12.stomp"])
            : new SockJS(`${server.url}/${url}`),
          connectHeaders: headers,
          reconnectDelay: 0,
        });
        try {
          return await new Promise((resolve) => {
            client.onStompError = ({ headers: { message } }) => resolve(message);
            client.onConnect = () => {
              client.watchForReceipt("done", () => resolve("done"));
              frame(client);
            };
            client.activate();
          });
        } finally {
          await client.deactivate();
        }
      };
      const receipt = "done";
      const reads = (topic) => (client) => client.subscribe(topic, () => {}, { receipt });
      const writes = (topic) => (client) => client.publish({ destination: topic, headers: { receipt } });
      const kRefused = "access refused";
      for (const [passcode, frame, wanted] of [
        ["", reads("/topic/prices"), "done"],
        ["", reads("/topic/secret.x"), kRefused],
        ["k", reads("/exchange/amq.topic/secret"), kRefused],
        ["", reads("/topic/paid.x"), kRefused],
        ["k", reads("/topic/paid.x"), "done"],
        ["", reads("/topic/paid.free.x"), "done"],
        ["", reads("/topic/paid.free.*"), "done"],
        // "paid.free" itself is one of them.
        ["", reads("/topic/paid.free.#"), kRefused],
        ["", reads("/topic/#"), kRefused],
        ["k", reads("/topic/#"), kRefused],
        ["", reads("/topic/*.x"), kRefused],
        ["", reads("/topic/pai*.x"), kRefused],
        ["", reads("/topic/talk.#"), "done"],
        ["", reads("/topic/$presence:secret"), "malformed destination"],
        ["", writes("/topic/prices"), kRefused],
        ["k", writes("/topic/prices"), "done"],
        ["", writes("/topic/talk.x"), "done"],
        ["k", writes("/topic/secret"), kRefused],
        ["k", writes("/topic/$presence:talk.x"), "malformed destination"],
        ["", writes("/queue/q"), kRefused],
        ["", reads("/queue/q"), kRefused],
        ["k", writes("/queue/q"), "done"],
        ["", reads("/user/queue/x"), "done"],
        ["", writes("/user/ann/queue/x"), kRefused],
        ["wrong", reads("/topic/prices"), kRefused],
      ]) {
        assert.equal(await outcome(passcode, frame), wanted, `${passcode}: ${frame}`);
      }
      assert.equal(await outcome("", reads("/topic/prices"), "stomp/sockjs"), "done");
      assert.equal(await outcome("", reads("/topic/secret"), "stomp/sockjs"), kRefused);

      // By TCP, one topic with those who publish by HTTP.
      const tcpPort = Number(/stomp:\/\/127\.0\.0\.1:(\d+)/.exec(server.said.text)[1]);
      const tcp = net.connect(tcpPort, "127.0.0.1").setEncoding("utf8");
      tcp.write("CONNECT\naccept-version:1.2\n\n\0SUBSCRIBE\nid:1\ndestination:/topic/prices\nreceipt:r\n\n\0");
      let heard = "";
      for await (const chunk of tcp) {
        const before = heard.includes("RECEIPT");
        heard += chunk;
        if (!before && heard.includes("RECEIPT")) {
          await fetch(`${server.url}/api/publish`, {
            method: "POST",
            headers: { authorization: "Bearer k", "content-type": "application/json" },
            body: JSON.stringify({ topic: "prices", data: { n: 1 } }),
          });
        }
        if (heard.endsWith('{"n":1}\0')) break;
      }
      assert.match(heard, /\0MESSAGE\nsubscription:1\n/);
    });
  });

  it("hands STOMP to the broker of [stomp.relay], by the relay's own login", async () => {
    // A broker that welcomes everybody, and shows who they were.
    const connects = [];
    const broker = net.createServer((socket) => {
      socket.setEncoding("utf8").once("data", (connect) => {
        connects.push(connect);
        socket.write("CONNECTED\nversion:1.2\n\n\0");
      });
    });
    await new Promise((resolve) => broker.listen(0, "127.0.0.1", resolve));
    const file = join(folder, "relay.toml");
    const relay = (more) => writeFileSync(file,
      `api_keys = ["k"]\n[stomp]\n[stomp.relay]\nport = ${broker.address().port}\n${more}`);
    relay(`login = "naru"\npasscode = "p"\nvirtual_host = "v"\nheartbeat_seconds = 3\n`);
    await serving([...kHttp, "--config", file], async (server) => {
      const connected = async () => {
        const client = new Client({
          webSocketFactory: () => new WebSocket(`ws://127.0.0.1:${server.port}/stomp`, ["v12.stomp"]),
          connectHeaders: { login: "ann", passcode: "k" },
          reconnectDelay: 10, // until naru has reached the broker
        });
        await new Promise((resolve) => {
          client.onConnect = resolve;
          client.activate();
        });
        client.deactivate({ force: true });
      };
      await connected();
      assert.ok(connects.length >= 2); // naru's own, and the client's
      for (const connect of connects) {
        assert.match(connect, /\nhost:v\nlogin:naru\npasscode:p\nheart-beat:3000,3000\n/);
      }
    });
    relay('login = ""\n'); // it would be shown API keys
    await assert.rejects(startServe([...kHttp, "--config", file]), /'login' must be/);
    broker.close();
  });

  it("does not start with a proxy that is no address", async () => {
    await assert.rejects(startServe([...kHttp, "--trusted-proxy", "proxy.example"]), /not an address/);
  });
});

describe("naru serve: certificates", { timeout: 60_000 }, () => {
  it("chooses them by host name and reads them again on SIGHUP", async () => {
    const first = certificate("first", "first.example");
    const second = certificate("second", "second.example");
    const renewed = certificate("renewed", "second.example");
    const args = [first, second].flatMap(({ chain, key }) => ["--tls-cert", chain, "--tls-key", key]);
    await serving(["--listen", "https://127.0.0.1:0", ...args], async (server) => {
      assert.equal(await subject(server, "first.example"), "first");
      assert.equal(await subject(server, "second.example"), "second");

      copyFileSync(renewed.chain, second.chain);  // and not yet the key
      server.child.kill("SIGHUP");
      await logs(server, "event=tls_reload_failed");
      assert.equal(await subject(server, "second.example"), "second");

      copyFileSync(renewed.key, second.key);
      server.child.kill("SIGHUP");
      await logs(server, "event=tls_reloaded");
      // Each loop takes the new ones with its next turn.
      while ((await subject(server, "second.example")) !== "renewed");
      assert.equal(await subject(server, "first.example"), "first");
    });
  });

  it("does not start when certificates and keys are not pairs", async () => {
    const { chain } = certificate("alone", "alone.example");
    await assert.rejects(startServe(["--listen", "https://127.0.0.1:0", "--tls-cert", chain]), /go together/);
  });
});
