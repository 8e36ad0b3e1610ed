// naru's clients on a bad day: their connections are cut, late and in pieces, their server is
// killed, paused, or somebody else; TLS breaks in every way. With retries, what was acknowledged has
// arrived, everything arrives in the end, and in its order. CHAOS_SECONDS=240 makes it a long day.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after, before, it } from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";

import { kSeconds, Mortal, Storm, Tls } from "./lib/storm.mjs";
import { CppClient } from "./lib/cpp-client.mjs";
import { startProfile } from "./lib/server.mjs";

const kWeathers = [
  "connections are cut",
  "packets are late, and in pieces",
  "the port is closed",
  "the server is paused",
  "handshakes are cut",
  "somebody else answers",
  "bytes are made up",
];
const kUnderWay = 20;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let certificates;
before(() => (certificates = new Tls()));
after(() => certificates.close());

// A server behind TLS behind a storm, for a client that is told what to do.
async function world(test, server, program) {
  const front = await certificates.before(() => server.port);
  const storm = await Storm.before(front, await certificates.impostor());
  const cpp = new CppClient(program);
  test.after(async () => {  // nothing is left of a test that fails
    cpp.child.kill("SIGKILL");
    storm.close();
    await server.kill();
  });
  return {
    storm,
    cpp,
    host: `localhost:${storm.listenedAt}`,
    async end(report) {
      await cpp.end();
      storm.close();
      await server.kill();
      assert.equal(certificates.fooled, 0, "nobody believes the impostor");
      console.log(JSON.stringify({ ...report, ...storm.counts }));
    },
  };
}

function startCounting(arrived) {
  const program = fileURLToPath(new URL("lib/counting-server.mjs", import.meta.url));
  return async (port) => {
    const child = spawn(process.execPath, [program, `${port}`], { stdio: ["ignore", "pipe", "inherit"] });
    let rest = "";
    const listening = new Promise((resolve) =>
      child.stdout.setEncoding("utf8").on("data", (chunk) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (line.startsWith("listening")) resolve(Number(line.split(" ").pop()));
          else arrived(Number(line));
        }
      }),
    );
    return { child, port: await listening };
  };
}

// The numbers from 0 on, so many under way at once, until the storm is over; all are answered, and
// some after each of the weathers.
async function keepAsking(storm, weathers, ask) {
  let over = false;
  let progress;
  const calm = () => new Promise((resolve) => (progress = resolve));
  const raging = storm.rage(weathers, { calm }).finally(() => (over = true));
  let next = 0;
  await Promise.all(
    Array.from({ length: kUnderWay }, async () => {
      while (!over) {
        await ask(next++);
        progress?.();
      }
    }),
  );
  await raging;
  return next;
}

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  it(`naru::Client loses nothing by ${transports.join(", then ")}`, { timeout: (60 + 3 * kSeconds) * 1000 }, async (test) => {
    const firsts = []; // in order of their first arrival
    const seen = new Map(); // how often
    const server = await Mortal.from(
      startCounting((n) => {
        if (!seen.has(n)) firsts.push(n);
        seen.set(n, (seen.get(n) ?? 0) + 1);
      }),
    );
    const { storm, cpp, host, end } = await world(test, server);
    cpp.tell("client", "c", `https://${host}`, {
      transports,
      ca: certificates.ca,
      reconnectionDelay: 10,
      reconnectionDelayMax: 100,
      timeout: 2000,
      retries: 1_000_000,
      ackTimeout: 500,
    });
    await cpp.next("connect", "c");
    cpp.patience = 60_000;
    const weathers = storm.weathers(server, [...kWeathers, "the server is killed"]);
    const asked = await keepAsking(storm, weathers, async (n) => {
      cpp.tell("ask", "c", n, null, "n", n);
      const [, , error, value] = await cpp.next("answer", n);
      assert.equal(error, null);
      assert.equal(value, n);
    });
    const times = [...seen.values()].reduce((sum, each) => sum + each, 0);
    await end({ transports, asked, arrivals: times, restarts: server.restarts });
    assert.deepEqual(firsts, Array.from({ length: asked }, (_, n) => n), "in order, and nothing is missing");
    assert.equal(cpp.lines.filter(([what]) => what === "answer").length, 0, "each is answered once");
    assert.ok(asked > kUnderWay);
  });
}

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

// Hears all of a topic, undisturbed: the broker is not killed meanwhile.
async function hear(httpPort, destination) {
  const heard = new Set();
  const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/ws`, ["v12.stomp"]);
  await once(socket, "open");
  const subscribed = new Promise((resolve) =>
    socket.on("message", (data) => {
      const frame = String(data);
      if (frame.startsWith("RECEIPT")) resolve();
      if (frame.startsWith("MESSAGE")) heard.add(frame.slice(frame.indexOf("\n\n") + 2, -1));
    }),
  );
  socket.send("CONNECT\naccept-version:1.2\nlogin:guest\npasscode:guest\n\n\0");
  socket.send(`SUBSCRIBE\nid:1\ndestination:${destination}\nreceipt:1\n\n\0`);
  await subscribed;
  return { heard, socket };
}

for (const way of ["stomp+ssl", "https"]) {
  it(`naru::StompClient: what has its receipt has arrived, by ${way}`, { timeout: (60 + 3 * kSeconds) * 1000 }, async (test) => {
    const tcpPort = await freePort();
    const server = await Mortal.from((port) => startProfile("stomp", port, "--tcp", `127.0.0.1:${tcpPort}`));
    const { heard, socket } = await hear(server.port, "/topic/chaos");
    const reached = { get port() { return way === "https" ? server.port : tcpPort; }, kill: () => server.kill() };
    const { storm, cpp, host, end } = await world(test, reached, "naru-messaging-client");
    cpp.patience = 60_000;
    const url = `${way}://${host}${way === "https" ? "/ws" : ""}`;
    cpp.tell("stomp", "c", url, { login: "guest", passcode: "guest", ca: certificates.ca, heartbeat: 200, patience: 1000 });
    await cpp.next("connect", "c");
    let doubts = 0;
    const ask = async (n) => {
      for (let attempt = 0; ; ++attempt) {
        const receipt = `${n}.${attempt}`;
        cpp.tell("send", "c", "/topic/chaos", `${n}`, {}, receipt);
        const [, , why] = await cpp.next("receipt", receipt);
        if (why === null) return;
        ++doubts;
        await pause(20);
      }
    };
    const asked = await keepAsking(storm, storm.weathers(server, kWeathers), ask);
    for (let n = 0; n < asked; ++n) {
      while (!heard.has(`${n}`)) await once(socket, "message");
    }
    socket.close();
    await server.restart();
    await ask(asked);
    await end({ way, asked, doubts });
    assert.ok(asked > kUnderWay);
    assert.ok(doubts > 0, "it was a bad day");
  });
}

it("naru::SockJsClient comes back by every transport", { timeout: (60 + 3 * kSeconds) * 1000 }, async (test) => {
  const server = await Mortal.from((port) => startProfile("sockjs", port));
  const { storm, cpp, host, end } = await world(test, server, "naru-messaging-client");
  cpp.patience = 60_000;
  const transports = ["websocket", "xhr-streaming", "xhr-polling"];
  const options = { ca: certificates.ca, reconnect: true, patience: 1000 };
  for (const name of transports) {
    cpp.tell("sockjs", name, `https://${host}/echo`, { ...options, transports: [name] });
    await cpp.next("open", name);
  }
  let over = false;
  const raging = storm
    .rage(storm.weathers(server, [...kWeathers, "the server is killed"]))
    .finally(() => (over = true));
  let said = 0;
  while (!over) {
    for (const name of transports) cpp.tell("say", name, `${said}`);
    ++said;
    await pause(10);
  }
  await raging;
  const counts = {};
  for (const name of transports) {
    const back = cpp.next("said", name, "back");
    const again = setInterval(() => cpp.tell("say", name, "back"), 50); // while it has no session, nothing is kept
    await back;
    clearInterval(again);
    cpp.tell("leave", name);
    await cpp.next("closed", name, "closed");
    const heard = cpp.lines.filter(([what, who, text]) => what === "said" && who === name && text !== "back");
    const sessions = cpp.lines.filter(([what, who]) => what === "open" && who === name).length + 1;
    counts[name] = { said, heard: heard.length, sessions };
    assert.equal(new Set(heard.map(([, , text]) => text)).size, heard.length, "nothing comes twice");
    assert.ok(sessions > 1);
  }
  await end(counts);
});

it("all end in the midst of it, whatever the state they are in", { timeout: 60_000 }, async () => {
  const server = await Mortal.from(startCounting(() => {}));
  const storm = await Storm.before(server.port);
  const raging = storm.rage(storm.weathers(server, ["connections are cut"]), { seconds: 1 });
  for (let round = 0; round < 10; ++round) {
    const cpp = new CppClient();
    for (let c = 0; c < 5; ++c) {
      cpp.tell("client", `${c}`, storm.url, { reconnectionDelay: 1, reconnectionDelayMax: 5 });
      for (let n = 0; n < 20; ++n) cpp.tell("emit", `${c}`, "n", n);
    }
    await pause(round * 15); // anywhere will do
    await cpp.end();
  }
  await raging;
  storm.close();
  await server.kill();
});
