// The naru command as a person at a shell has it, against naru serve and Node's servers.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { Server } from "socket.io";
import sockjs from "sockjs";
import { WebSocketServer } from "ws";

import { kLimit, naru, run } from "./lib/command.mjs";
import { kRoot, startServe } from "./lib/server.mjs";

// Starts a command at a terminal, which script (of util-linux) makes for it. Without a shell
// between them: some end with 130 after a Ctrl-C that their child has taken well.
function terminal(command, env) {
  const child = spawn("script", ["-qfec", `exec ${command}`, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", ...env },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), kLimit);
  let said = "";
  let from = 0;
  const look = new EventTarget();
  child.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
    look.dispatchEvent(new Event("more"));
  });
  child.stdout.on("close", () => look.dispatchEvent(new Event("more")));
  return {
    type: (keys) => child.stdin.write(keys),
    // Resolves once this is on the screen, behind what was waited for before.
    async until(text) {
      for (;;) {
        const at = said.indexOf(text, from);
        if (at >= 0) return (from = at + text.length);
        assert.ok(!child.stdout.closed, `never came: ${JSON.stringify(text)} in ${JSON.stringify(said)}`);
        await once(look, "more");
      }
    },
    done: once(child, "exit").then(([status]) => (clearTimeout(timer), status)),
  };
}

describe("naru emit, listen and publish", () => {
  let http, io, url, ws;
  const received = [];
  before(async () => {
    http = createServer();
    io = new Server(http);
    io.use((socket, next) => next(socket.handshake.auth.no ? new Error("not you") : undefined));
    for (const name of ["/", "/chat"]) {
      io.of(name).on("connection", (socket) => {
        socket.on("add", (a, b, answer) => answer(a + b));
        socket.on("silent", () => {});
        socket.on("say", (...args) => {
          const answer = args.pop();
          io.of(name).emit("said", ...args);
          answer("ok");
        });
      });
    }
    ws = new WebSocketServer({ noServer: true });
    http.on("upgrade", (request, socket, head) => {
      if (request.url === "/echo") {
        ws.handleUpgrade(request, socket, head, (peer) => peer.on("message", (data) => peer.send(String(data))));
      }
      if (request.url !== "/ws") return;
      ws.handleUpgrade(request, socket, head, (peer) => {
        peer.on("message", (data) => received.push(String(data)));
        peer.send("one\ntwo");
        peer.send(Buffer.from([0, 255]));
      });
    });
    await new Promise((ready) => http.listen(0, "127.0.0.1", ready));
    url = `http://127.0.0.1:${http.address().port}`;
  });
  after(async () => {
    io.close();
    for (const peer of ws.clients) peer.terminate();
  });

  it("emit prints the acknowledgement", async () => {
    const { out, status } = await run(["emit", url, "add", "2", "3"]);
    assert.deepEqual({ out, status }, { out: "[5]\n", status: 0 });
  });

  it("emit says 1 when none comes", async () => {
    const { out, err, status } = await run(["emit", url, "silent", "--timeout", "1"]);
    assert.deepEqual({ out, status }, { out: "", status: 1 });
    assert.match(err, /not acknowledged/);
  });

  it("emit says 1 and why when it is refused, or nobody listens", async () => {
    const refused = await run(["emit", `${url}/`, "add", "--auth", '{"no":true}']);
    assert.equal(refused.status, 1);
    assert.match(refused.err, /not you/);
    const nobody = createServer();
    await new Promise((ready) => nobody.listen(0, "127.0.0.1", ready));
    const { port } = nobody.address();
    await new Promise((closed) => nobody.close(closed));
    for (const command of [["emit", `http://127.0.0.1:${port}`, "add"], ["listen", `ws://127.0.0.1:${port}`]]) {
      const { err, status } = await run(command);
      assert.equal(status, 1);
      assert.match(err, /refused/);
    }
  });

  it("emit takes an event from each line, and listen prints each", async () => {
    const listener = naru(["listen", `${url}/chat`, "said", "--count", "3"]);
    await listener.connected;
    const lines = '["a",1]\nplain text\n{"k":"\\u001b[31m"}\n';
    const emitted = await run(["emit", `${url}/chat`, "say", "-"], lines);
    assert.deepEqual([emitted.status, emitted.out], [0, '["ok"]\n'.repeat(3)]);
    const { out, status } = await listener.done;
    assert.equal(out, 'said ["a",1]\nsaid ["plain text"]\nsaid [{"k":"\\u001b[31m"}]\n');
    assert.equal(status, 0);
  });

  it("listen ends with 0 at SIGINT", async () => {
    const listener = naru(["listen", url]);
    await listener.connected;
    listener.child.kill("SIGINT");
    assert.equal((await listener.done).status, 0);
  });

  it("listen --json shows binary arguments as base64", async () => {
    const listener = naru(["listen", url, "--json", "--count", "1"]);
    await listener.connected;
    io.emit("picture", Buffer.from("naru"), { deep: [Buffer.from("x")] });
    assert.deepEqual(JSON.parse((await listener.done).out), {
      event: "picture",
      args: [{ base64: "bmFydQ==" }, { deep: [{ base64: "eA==" }] }],
    });
  });

  it("listen prints the messages of a WebSocket, one line each", async () => {
    const socket = url.replace("http", "ws") + "/ws";
    assert.equal((await run(["listen", socket, "--count", "2"])).out, "one\\ntwo\nAP8=\n");
    const json = (await run(["listen", socket, "--count", "2", "--json"])).out;
    assert.equal(json, '{"text":"one\\ntwo"}\n{"base64":"AP8="}\n');
  });

  it("connect sends what is typed, and prints what comes", async () => {
    const chat = naru(["connect", `${url}/chat`], 'say "x", {"y":1}\nadd 2, 3\nsay two words\n');
    const { out, status } = await chat.done;
    assert.equal(status, 0);
    const expected = ['said ["x",{"y":1}]', 'ack ["ok"]', "ack [5]", 'said ["two words"]', 'ack ["ok"]'];
    assert.deepEqual(out.trim().split("\n").sort(), expected.sort());
    received.length = 0;
    const socket = url.replace("http", "ws") + "/ws";
    const typed = await naru(["connect", socket], "hello\n").done;
    assert.deepEqual([typed.out, typed.status], ["one\\ntwo\nAP8=\n", 0]);
    assert.deepEqual(received, ["hello"]);
    const echoed = await naru(["connect", url.replace("http", "ws") + "/echo"], "a\nb\n").done;
    assert.deepEqual([echoed.out, echoed.status], ["a\nb\n", 0]);
  });

  it("connect ends after its input, though the server goes on and answers no ping", async () => {
    const server = createServer();
    const feed = (send) => {
      const timer = setInterval(() => send("more"), 20);
      return () => clearInterval(timer);
    };
    const sockets = new WebSocketServer({ server, path: "/ws", autoPong: false });
    sockets.on("connection", (socket) => socket.on("close", feed((text) => socket.send(text))));
    const service = sockjs.createServer({ prefix: "/sockjs", log: () => {} });
    service.on("connection", (session) => session.on("close", feed((text) => session.write(text))));
    service.installHandlers(server);
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
    const host = `127.0.0.1:${server.address().port}`;
    try {
      for (const target of [`ws://${host}/ws`, `http://${host}/sockjs`]) {
        const { out, err, status } = await run(["connect", target, "--timeout", "1"], "x\n");
        assert.equal(status, 0, `${target}: ${err}`);
        assert.match(out, /^more\nmore$/m);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("connect ends with 0 at SIGINT while nothing is typed", async () => {
    const chat = naru(["connect", url], null);
    await chat.connected;
    chat.child.kill("SIGINT");
    assert.equal((await chat.done).status, 0);
  });

  it("connect edits the line at a terminal: completion, history, nothing torn", async () => {
    const state = mkdtempSync(join(tmpdir(), "naru-"));
    const binary = process.env.NARU_BIN ?? `${kRoot}build/dev/bin/naru`;
    const start = (target) =>
      terminal(`${binary} connect ${target}`, { XDG_STATE_HOME: state, LC_ALL: "C.UTF-8" });
    try {
      const chat = start(`${url}/chat`);
      await chat.until("connected to /chat");
      await chat.until("> ");
      chat.type('say "first"\r');
      await chat.until('"first"');
      await chat.until("said [");  // heard: completed from now on
      await chat.until("ack [");
      await chat.until("> ");  // before it the terminal may be in the hands of no editor
      chat.type("sa\t\t");
      await chat.until("said  say");
      chat.type("y half a li");
      await chat.until("half a li");
      io.of("/chat").emit("news", { n: 1 });
      // The line is erased, the event printed in colours, the line drawn again.
      await chat.until('\r\u001b[Jnews [{\u001b[32m"n"\u001b[0m:\u001b[36m1\u001b[0m}]');
      await chat.until("> say half a li");
      chat.type("ne\r");
      await chat.until('"half a line"');
      await chat.until("ack [");
      await chat.until("> ");
      chat.type("\u0004");
      assert.equal(await chat.done, 0);
      const again = start(`${url}/chat`);
      await again.until("> ");
      again.type("\u001b[A\r");
      await again.until('"half a line"');
      again.type("\u0003");
      assert.equal(await again.done, 0);
      const kept = join(state, "naru/history");
      assert.match(readFileSync(kept, "utf8"), /say\\040half/);
      assert.equal(statSync(kept).mode & 0o777, 0o600);
    } finally {
      rmSync(state, { recursive: true });
    }
  });

  it("publish sends the lines to a WebSocket, all before its end", async () => {
    const socket = url.replace("http", "ws") + "/ws";
    received.length = 0;
    const { status } = await run(["publish", socket, "-"], "a\nb\nc\n");
    assert.equal(status, 0);
    assert.deepEqual(received, ["a", "b", "c"]);
  });

  it("publish posts to naru's topics, and tells a wrong key", async () => {
    const server = await startServe(["--listen", "127.0.0.1:0", "--api-key", "k"]);
    try {
      const listener = naru(["listen", `ws://127.0.0.1:${server.port}/ws/prices`, "--count", "2"]);
      await listener.connected;
      const done = await run(["publish", server.url, "prices", "-", "--key", "k"], '{"eur":1}\nup\n');
      assert.equal(done.status, 0, done.err);
      assert.equal(done.out.trim().split("\n").length, 2);
      assert.equal(JSON.parse(done.out.split("\n")[0]).topic, "prices");
      assert.equal((await listener.done).out, '{"eur":1}\nup\n');
      const wrong = await run(["publish", server.url, "prices", "x", "--key", "other"]);
      assert.equal(wrong.status, 1);
      assert.match(wrong.err, /401/);
    } finally {
      await server.stop();
    }
  });

  it("listen reads an event stream, and opens it again where it was", async () => {
    const asked = [];
    const streams = createServer((request, response) => {
      asked.push([request.headers.accept, request.headers["last-event-id"]]);
      if (request.url !== "/push/a") return response.writeHead(404).end();
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      if (asked.length === 1) {
        response.end("retry: 1\n\nid: 7\ndata: one\ndata: two\n\n");
      } else {
        response.write("event: tick\ndata: {\"n\":1}\n\n");
      }
    });
    await new Promise((ready) => streams.listen(0, "127.0.0.1", ready));
    const stream = `http://127.0.0.1:${streams.address().port}`;
    try {
      const { out, status } = await run(["listen", `${stream}/push/a`, "--count", "2"]);
      assert.deepEqual([out, status], ['one\\ntwo\ntick {"n":1}\n', 0]);
      assert.deepEqual(asked, [["text/event-stream", undefined], ["text/event-stream", "7"]]);
      const json = await run(["listen", `${stream}/push/a`, "tick", "--json", "--count", "1"]);
      assert.equal(json.out, '{"event":"tick","text":"{\\"n\\":1}"}\n');
      const none = await run(["listen", `${stream}/push/none`]);
      assert.equal(none.status, 1);
      assert.match(none.err, /refused: status 404/);
    } finally {
      streams.closeAllConnections();
      streams.close();
    }
  });

  it("listen counts the messages of naru's stream, not what it says of the subscription", async () => {
    const server = await startServe(["--listen", "127.0.0.1:0", "--api-key", "k"]);
    try {
      const listener = naru(["listen", `${server.url}/push/prices`, "--count", "2"]);
      await listener.connected;
      const done = await run(["publish", server.url, "prices", "-", "--key", "k"], '{"eur":1}\nup\n');
      assert.equal(done.status, 0, done.err);
      const { out, err, status } = await listener.done;
      assert.deepEqual([out, status], ['{"eur":1}\nup\n', 0]);
      assert.match(err, /subscribed to prices\n/);
      // Asked for by its name it is an event like any other.
      const named = await run(["listen", `${server.url}/push/prices`, "subscribed", "--count", "1"]);
      assert.match(named.out, /^subscribed \{"topics":\["prices"\]/);
    } finally {
      await server.stop();
    }
  });

  it("connect, listen and publish speak STOMP", async () => {
    const folder = mkdtempSync(join(tmpdir(), "naru-stomp-"));
    const file = join(folder, "naru.toml");
    writeFileSync(file, `api_keys = "k"\n[stomp]\n[[topics]]\nprefix = "prices"\n` +
      `subscribe = "anyone"\npublish = "key"\n`);
    const server = await startServe(["--listen", "127.0.0.1:0", "--config", file]);
    const broker = [`ws://127.0.0.1:${server.port}/stomp`, "--protocol", "stomp"];
    try {
      const listener = naru(["listen", ...broker, "/topic/prices", "--count", "2"]);
      await listener.connected;
      const key = ["--passcode", "k"];
      const published = await run(["publish", ...broker, ...key, "/topic/prices", "-"], '{"eur":1}\nup\n');
      assert.equal(published.status, 0, published.err);
      const { out, status } = await listener.done;
      assert.deepEqual([out, status], ['{"eur":1}\nup\n', 0]);
      const typed = "subscribe /topic/prices\nsend /topic/prices two words\n";
      const measured = await run(["bench", ...broker, ...key, "--destination", "/topic/prices", "--duration", "0.2",
                                  "--warmup", "0", "--connections", "3", "--in-flight", "2", "--json"]);
      assert.equal(measured.status, 0, measured.err);
      const { answers, others, lost } = JSON.parse(measured.out);
      assert.ok(answers > 0 && others === 0 && lost === 0, measured.out);
      const chat = naru(["connect", ...broker, ...key], null);
      chat.child.stdin.write(typed);
      await once(chat.child.stdout, "data");
      chat.child.stdin.end();
      const said = await chat.done;
      assert.deepEqual([said.out, said.status], ["/topic/prices two words\n", 0], said.err);
      const nobody = await run(["publish", ...broker, "/topic/prices", "x"]);
      assert.equal(nobody.status, 1);
      const wrong = await run(["listen", ...broker, "--passcode", "other", "/topic/prices"]);
      assert.equal(wrong.status, 1);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true });
    }
  });

  // Each transport of the client is a matter of sockjs-client.test.mjs.
  async function talkBySockJs(service) {
    const listener = naru(["listen", service, "--count", "3", "--json"]);
    await listener.connected;
    const published = await run(["publish", service, "-"], 'one\n{"n":2}\n');
    assert.deepEqual([published.out, published.status], ["", 0], published.err);
    const chat = naru(["connect", service], null);
    chat.child.stdin.write("typed\n");
    await once(chat.child.stdout, "data");
    chat.child.stdin.end();
    const said = await chat.done;
    assert.deepEqual([said.out, said.status], ["typed\n", 0], said.err);
    const { out, status } = await listener.done;
    assert.equal(out, '{"text":"one"}\n{"text":"{\\"n\\":2}"}\n{"text":"typed"}\n');
    assert.equal(status, 0);
  }

  it("connect, listen and publish speak SockJS, guessed from the path", async () => {
    const server = await startServe(["--listen", "127.0.0.1:0", "--sockjs", "/sockjs", "--sockjs-publish"]);
    try {
      await talkBySockJs(`${server.url}/sockjs/prices`);
      const refused = await run(["listen", `${server.url}/sockjs/prices*`]);
      assert.equal(refused.status, 1);
      assert.match(refused.err, /closed, 1008: not this topic/);
      const none = await run(["publish", `${server.url}/none`, "x", "--protocol", "sockjs"]);
      assert.equal(none.status, 1);
      assert.match(none.err, /has answered 405/);
      const event = await run(["listen", `${server.url}/sockjs/prices`, "tick"]);
      assert.deepEqual([event.status, event.err.includes("no events")], [2, true]);
    } finally {
      await server.stop();
    }
  });

  it("and with sockjs-node", async () => {
    const server = createServer((_, response) => response.writeHead(404).end());
    const sessions = new Set();
    const service = sockjs.createServer({ prefix: "/talk", log: () => {} });
    service.on("connection", (session) => {
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
      session.on("data", (text) => {
        for (const each of text === "go" ? [] : sessions) each.write(text);
        if (text === "go") session.close(3000, "Go away!");
      });
    });
    service.installHandlers(server);
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
    const talk = [`http://127.0.0.1:${server.address().port}/talk`, "--protocol", "sockjs"];
    try {
      const listener = naru(["listen", ...talk, "--count", "2"]);
      await listener.connected;
      const published = await run(["publish", ...talk, "-"], "one\ntwo\n");
      assert.equal(published.status, 0, published.err);
      assert.deepEqual(await listener.done, { out: "one\ntwo\n", err: "naru: connected\n", status: 0 });
      const chat = naru(["connect", ...talk], null);
      chat.child.stdin.write("go\n");
      const left = await chat.done;
      assert.equal(left.status, 0, left.err);
      assert.match(left.err, /closed, 3000: Go away!/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("bench counts echoes and acknowledgements", async () => {
    const brief = ["--duration", "0.2", "--warmup", "0", "--json", "--connections", "3", "--in-flight", "2"];
    const targets = [[`${url.replace("http", "ws")}/echo`], [`${url}/chat`, "--event", "say"],
                     [`${url}/chat`, "--event", "say", "--rate", "500"]];
    for (const target of targets) {
      const { out, err, status } = await run(["bench", ...target, ...brief, "--pid", String(process.pid)]);
      assert.equal(status, 0, err);
      const result = JSON.parse(out);
      assert.deepEqual([result.connections, result.lost], [3, 0]);
      assert.ok(result.answers > 0 && result.server_cpu_seconds > 0, out);
      const { p50, p99, "p99.9": most, max } = result.latency_us;
      assert.ok(0 < p50 && p50 <= p99 && p99 <= most && most <= max, out);
    }
  });

  it("bench speaks polling, SockJS by each transport, and event streams", async () => {
    const brief = ["--duration", "0.2", "--warmup", "0", "--json", "--connections", "3", "--in-flight", "2"];
    const server = createServer();
    const service = sockjs.createServer({ prefix: "/sockjs", log: () => {} });
    service.on("connection", (session) => session.on("data", (text) => session.write(text)));
    service.installHandlers(server);
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
    const topics = await startServe(["--listen", "127.0.0.1:0", "--api-key", "k"]);
    const stream = `${topics.url}/push/a%20topic`;
    try {
      const echo = `http://127.0.0.1:${server.address().port}/sockjs`;
      const sockets = ["websocket", "xhr-streaming", "xhr-polling"].map((name) => [echo, "--transport", name]);
      const streams = [[], ["--rate", "500"]].map((more) => [stream, "--key", "k", ...more]);
      const polling = [`${url}/chat`, "--event", "say", "--transport", "polling"];
      for (const target of [polling, ...sockets, ...streams]) {
        const { out, err, status } = await run(["bench", ...target, ...brief]);
        assert.equal(status, 0, `${target}: ${err}`);
        const result = JSON.parse(out);
        assert.deepEqual([result.connections, result.lost], [3, 0]);
        assert.ok(result.answers > 0 && result.latency_us.p50 > 0, out);
      }
      const wrong = [["--transport", "polling", echo], ["--transport", "polling", stream],
                     ["--size", "21", stream], [`${stream},another`]];
      for (const args of wrong) assert.equal((await run(["bench", ...args])).status, 2, `${args}`);
      const nobody = await run(["bench", stream]);
      assert.equal(nobody.status, 1);
      assert.match(nobody.err, /publishing: 401/);
    } finally {
      server.closeAllConnections();
      server.close();
      await topics.stop();
    }
  });

  it("bench says 1 when nothing answers", async () => {
    const { err, status } = await run(["bench", `${url}/chat`, "--event", "silent", "--timeout", "1"]);
    assert.equal(status, 1);
    assert.match(err, /has to acknowledge/);
    assert.equal((await run(["bench", `${url}/none`])).status, 1);
  });

  it("a wrong call is 2, and says what was meant", async () => {
    const { err, status } = await run(["lisen", url]);
    assert.equal(status, 2);
    assert.match(err, /did you mean listen\?/);
    assert.equal((await run(["emit", url])).status, 2);
    const protocol = await run(["listen", url, "--protocol", "socketoi"]);
    assert.equal(protocol.status, 2);
    assert.match(protocol.err, /did you mean socketio\?/);
    const option = await run(["listen", url, "--cuont", "3"]);
    assert.equal(option.status, 2);
    assert.match(option.err, /did you mean --count\?/);
    assert.deepEqual(await run(["connect", "nonsense"]), { out: "", err: "naru: a malformed URL\n", status: 2 });
  });
});

describe("naru completion and manual", () => {
  const binary = process.env.NARU_BIN ?? `${kRoot}build/dev/bin/naru`;
  // What a bash offers for the last of these words.
  const offered = (...words) =>
    execFileSync("bash", ["-c", `compopt() { :; }; source <("$0" completion bash)
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _naru; printf '%s\\n' "\${COMPREPLY[@]}"`,
      binary, "naru", ...words], { encoding: "utf8" }).split("\n").filter(Boolean);

  it("offers commands, options, and values of options", () => {
    assert.deepEqual(offered("l"), ["listen"]);
    assert.deepEqual(offered("connect", "--pro"), ["--protocol"]);
    assert.ok(offered("listen", "--protocol", "").includes("socketio"));
    assert.deepEqual(offered("serve", "--tls-client", "=", "req"), ["required"]);
    assert.deepEqual(offered("completion", ""), ["bash", "zsh", "fish"]);
    assert.deepEqual(offered("emit", "--header", ""), []);
  });

  it("completes at the prompt of a bash", async () => {
    const shell = terminal("bash --norc --noprofile -i", { naru: binary });
    shell.type(`PS1='rea''dy> '; source <("$naru" completion bash)\r`);
    await shell.until("ready> ");
    shell.type("naru conn\t--proto\tsocket\t");
    await shell.until("naru connect --protocol socketio ");
    shell.type("\u0015exit\r");
    await shell.done;
  });

  it("knows the words of every --help", () => {
    const run = (...args) => execFileSync(binary, args, { encoding: "utf8" });
    const page = run("manual").replaceAll("\\-", "-");
    const shells = ["bash", "zsh", "fish"].map((shell) => run("completion", shell));
    const commands = [...run("--help").matchAll(/^  ([a-z]+) {2,}/gm)].map((found) => found[1]);
    assert.ok(commands.includes("doctor"));
    for (const command of commands) {
      for (const [, option] of run(command, "--help").matchAll(/^  (--[a-z0-9-]+)/gm)) {
        assert.ok(page.includes(`\\fB${option}\\fR`), `${command} ${option}`);
        assert.ok(offered(command, option).includes(option), `${command} ${option}`);
        assert.ok(shells[1].includes(`${option}[`), `${command} ${option}`);
        assert.ok(shells[2].includes(` -l ${option.slice(2)} `), `${command} ${option}`);
      }
    }
  });

  it("writes a manual page without faults", () => {
    const page = execFileSync(binary, ["manual"], { encoding: "utf8" });
    assert.equal(execFileSync("mandoc", ["-Tlint"], { input: page, encoding: "utf8" }), "");
  });
});
