// By https, browsers carry pages, polls and WebSockets over one HTTP/2 connection (RFC 8441).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { kBrowsers } from "./lib/browsers.mjs";
import { startProfile } from "./lib/server.mjs";

const kLibrary = path.join(path.dirname(createRequire(import.meta.url).resolve("socket.io-client")), "../../dist/socket.io.min.js");

function makeCertificate(folder) {
  const [certificate, key] = ["certificate.pem", "key.pem"].map((name) => path.join(folder, name));
  execFileSync("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "-keyout", key, "-out", certificate,
  ], { stdio: "ignore" });
  return ["--tls-certificate", certificate, "--tls-key", key];
}

for (const [engine, startBrowser] of Object.entries(kBrowsers)) {
  describe(`HTTP/2 in ${engine}`, { timeout: 60_000 }, () => {
    let folder;
    let server;
    let browser;
    let page;

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "naru-http2-"));
      server = await startProfile("http-version", 0, ...makeCertificate(folder));
      browser = await startBrowser();
      page = await browser.open(`https://localhost:${server.port}/`);
      await page.raw.addScriptTag({ content: await readFile(kLibrary, "utf8") });
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it("carries the page", async () => {
      const protocol = await page.run(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
      assert.equal(protocol, "h2");
    });

    it("carries a WebSocket", async () => {
      const heard = await page.run(() => new Promise((resolve, reject) => {
        const socket = new WebSocket(`wss://${location.host}/version`);
        const all = [];
        socket.onerror = () => reject(new Error("no WebSocket"));
        socket.onmessage = ({ data }) => {
          all.push(data);
          if (all.length === 1) socket.send("나루");
          if (all.length === 2) socket.close(3000);
        };
        socket.onclose = ({ code, wasClean }) => resolve([...all, code, wasClean]);
      }));
      assert.deepEqual(heard, ["2", "나루", 3000, true]);
    });

    it("carries a long message both ways", async () => {
      const length = await page.run(() => new Promise((resolve, reject) => {
        const socket = new WebSocket(`wss://${location.host}/version`);
        socket.binaryType = "arraybuffer";
        socket.onerror = () => reject(new Error("no WebSocket"));
        socket.onopen = () => socket.send(new Uint8Array(1_000_000).fill(7));
        socket.onmessage = ({ data }) => {
          if (typeof data === "string") return;
          resolve(new Uint8Array(data).reduce((sum, byte) => sum + byte, 0));
          socket.close();
        };
      }));
      assert.equal(length, 7_000_000);
    });

    for (const transports of [["websocket"], ["polling", "websocket"], ["polling"]]) {
      it(`carries Socket.IO by ${transports.join(" and ")}`, async () => {
        const heard = await page.run((names) => new Promise((resolve, reject) => {
          const socket = io({ transports: names, forceNew: true, reconnection: false });
          const fail = (error) => reject(new Error(String(error?.message ?? error)));
          socket.on("connect_error", fail);
          socket.on("disconnect", fail);
          const check = () => socket.emit("version", (version) => {
            socket.on("echo", (text) => {
              socket.off("disconnect", fail);
              resolve([version, socket.io.engine.transport.name, text]);
              socket.disconnect();
            });
            socket.emit("echo", "hello");
          });
          socket.on("connect", () => {
            // It may have gone over already.
            if (socket.io.engine.transport.name === names.at(-1)) check();
            else socket.io.engine.on("upgrade", check);
          });
        }), transports);
        assert.deepEqual(heard, ["2", transports.at(-1), "hello"]);
      });
    }
  });
}
