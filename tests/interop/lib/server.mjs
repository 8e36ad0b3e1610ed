// Starts the programs under test on a free port, and stops them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const kRoot = fileURLToPath(new URL("../../../", import.meta.url));
const kStartLimit = 10_000;  // ms
const kStopLimit = 10_000;  // ms; a server may wait some seconds for clients that do not answer its Close

// One profile of naru-conformance: the server of a test that needs no page.
export function startProfile(profile, port = 0, ...more) {
  const binary = process.env.NARU_CONFORMANCE ?? `${kRoot}build/dev/bin/naru-conformance`;
  return start(binary, ["--profile", profile, "--listen", `127.0.0.1:${port}`, ...more]);
}

// `naru serve`: the demo gallery.
export function startGallery(port = 0) {
  const binary = process.env.NARU_BIN ?? `${kRoot}build/dev/bin/naru`;
  return start(binary, ["serve", "--listen", `127.0.0.1:${port}`]);
}

// The same with options of the test's own; `args` say where it listens, on port 0.
export function startServe(args) {
  const binary = process.env.NARU_BIN ?? `${kRoot}build/dev/bin/naru`;
  return start(binary, ["serve", ...args]);
}

// Another program, from beside `naru`: an example.
export function startProgram(name, args) {
  return start(programPath(name), args);
}

export function programPath(name) {
  return join(dirname(process.env.NARU_BIN ?? `${kRoot}build/dev/bin/naru`), name);
}

async function start(binary, args) {
  assert.ok(existsSync(binary), `no such program: ${binary} (see README.md)`);
  const child = spawn(binary, args, { cwd: kRoot, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const said = { text: "" };
  const port = await new Promise((resolve, reject) => {
    const fail = (why) => {
      clearTimeout(timer);
      reject(new Error(`${binary} ${args.join(" ")}: ${why}\n${said.text}`));
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail("did not say that it listens");
    }, kStartLimit);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
    const read = (chunk) => {
      said.text = (said.text + chunk).slice(-20_000);
      const match = /listening[^\n]*?[: ](\d+)\/?\s*\n/.exec(said.text);
      if (!match) return;
      clearTimeout(timer);
      resolve(Number(match[1]));
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
  });
  return new ServerProcess(child, exited, port, said);
}

class ServerProcess {
  constructor(child, exited, port, said) {
    Object.assign(this, { child, exited, port, said });
    this.url = `http://127.0.0.1:${port}`;
  }

  // SIGTERM ends it, soon and with status 0, whoever is still connected.
  async stop() {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), kStopLimit);
    this.child.kill("SIGTERM");
    const [code, signal] = await this.exited;
    clearTimeout(timer);
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `after SIGTERM; it said:\n${this.said.text}`);
  }
}
