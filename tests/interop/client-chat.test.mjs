// Three clients in one room, on naru and on Node: ours, the browser's, and python-socketio (where it
// is installed; NARU_PYTHON names the interpreter).

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { Server } from "socket.io";
import { io } from "socket.io-client";

import { CppClient } from "./lib/cpp-client.mjs";
import { kRoot, startProgram } from "./lib/server.mjs";
import { next } from "./lib/wait.mjs";

const kPython = process.env.NARU_PYTHON ?? "python3";
const hasPython = spawnSync(kPython, ["-c", "import socketio"]).status === 0;

// examples/chat.cpp, written for Node.
async function nodeChat() {
  const http = createServer();
  const server = new Server(http);
  server.of("/chat").on("connection", (socket) => {
    socket.join("lobby");
    socket.on("say", (text) => socket.to("lobby").emit("said", socket.id, text));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const close = () => new Promise((done) => server.close(done));
  return { url: `http://127.0.0.1:${http.address().port}`, stop: close };
}

async function chat(server) {
  const cpp = new CppClient();
  cpp.tell("client", "c", `${server.url}/chat`, {});
  await cpp.next("connect", "c");
  const page = io(`${server.url}/chat`, { forceNew: true });
  await next(page, "connect");
  const hears = [];
  page.on("said", (_, text) => hears.push(text));

  const python = hasPython && spawn(kPython, [`${kRoot}tests/interop/lib/chatter.py`, server.url]);
  const lines = python && createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  if (python) assert.equal((await lines.next()).value, "connected");

  const hear = {
    cpp: async () => (await cpp.next("event", "c", "said"))[4],
    page: async () => {
      if (hears.length === 0) await next(page, "said");
      return hears.shift();
    },
    python: async () => (await lines.next()).value,
  };
  const heardByOthers = async (speaker, text) => {
    for (const name of ["cpp", "page", ...(python ? ["python"] : [])]) {
      if (name !== speaker) assert.equal(await hear[name](), text, `${name} hears ${speaker}`);
    }
  };
  cpp.tell("emit", "c", "say", "from C++, 나루");
  await heardByOthers("cpp", "from C++, 나루");
  page.emit("say", "from a page");
  await heardByOthers("page", "from a page");
  if (python) {
    python.stdin.write("from Python\n");
    await heardByOthers("python", "from Python");
    python.stdin.end();
    await once(python, "exit");
  }
  page.disconnect();
  await cpp.end();
}

describe("C++, JavaScript and Python chat", { timeout: 60_000 }, () => {
  it("on Node's socket.io", async () => {
    const server = await nodeChat();
    await chat(server);
    await server.stop();
  });
  it("on naru", async () => {
    const server = await startProgram("example_chat", ["0"]);
    await chat(server);
    await server.stop();
  });
});
