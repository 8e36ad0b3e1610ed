// naru::Client against Node's `socket.io` over https: whom it believes, and whom not.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Server } from "socket.io";

import { CppClient } from "./lib/cpp-client.mjs";

describe("naru::Client and socket.io over TLS", { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "naru-tls-"));
  const file = (name) => join(directory, name);
  const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  const servers = [];
  let cpp;

  const kKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  // A certificate of the authority's.
  function issue(name, subject, extension) {
    writeFileSync(file(`${name}.ext`), extension);
    openssl("req", "-new", ...kKey, "-subj", `/CN=${subject}`, "-keyout", file(`${name}.key`), "-out", file(`${name}.csr`));
    openssl("x509", "-req", "-in", file(`${name}.csr`), "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
      "-CAcreateserial", "-days", "1", "-extfile", file(`${name}.ext`), "-out", file(`${name}.pem`));
  }
  async function serve(options = {}) {
    const server = https.createServer({
      cert: readFileSync(file("server.pem")),
      key: readFileSync(file("server.key")),
      ...options,
    });
    const io = new Server(server);
    io.on("connection", (socket) => {
      const { subject } = socket.request.socket.getPeerCertificate();
      socket.on("who", () => socket.emit("you", subject?.CN ?? null, socket.conn.transport.name));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push({ io });
    return server.address().port;
  }

  before(() => {
    openssl("req", "-x509", ...kKey, "-subj", "/CN=Test Root", "-days", "1", "-keyout", file("ca.key"), "-out", file("ca.pem"));
    issue("server", "server", "subjectAltName=DNS:localhost");
    issue("client", "mina", "extendedKeyUsage=clientAuth");
    cpp = new CppClient();
  });
  after(async () => {
    await cpp.end();
    for (const { io } of servers) await io.close();
    rmSync(directory, { recursive: true });
  });

  async function fails(name, url, options = {}) {
    cpp.tell("client", name, url, { reconnection: false, ...options });
    cpp.tell("socket", name, name, "/");
    const [, , message] = await cpp.next("connect_error", name);
    return message;
  }

  for (const transport of ["polling", "websocket"]) {
    it(`believes nobody by itself, by ${transport}`, async () => {
      const port = await serve();
      const why = await fails(`unknown-${transport}`, `https://localhost:${port}`, { transports: [transport] });
      assert.match(why, /^tls: .*unable to get local issuer certificate/);
    });

    it(`believes its own authority, for the names in the certificate, by ${transport}`, async () => {
      const port = await serve();
      const options = { ca: file("ca.pem"), transports: [transport] };
      const name = `known-${transport}`;
      cpp.tell("client", name, `https://localhost:${port}`, options);
      cpp.tell("socket", name, name, "/");
      await cpp.next("connect", name);
      cpp.tell("emit", name, "who");
      assert.deepEqual(await cpp.next("event", name, "you"), ["event", name, "you", null, transport]);
      // The same server, by a name that its certificate does not have.
      assert.match(await fails(`other-${transport}`, `https://127.0.0.1:${port}`, options), /^tls: .*IP address mismatch/);
    });

    it(`shows its own certificate, by ${transport}`, async () => {
      const port = await serve({ ca: readFileSync(file("ca.pem")), requestCert: true, rejectUnauthorized: true });
      const options = { ca: file("ca.pem"), transports: [transport] };
      await fails(`nobody-${transport}`, `https://localhost:${port}`, options);
      const name = `mina-${transport}`;
      cpp.tell("client", name, `https://localhost:${port}`, {
        ...options,
        certificate: file("client.pem"),
        key: file("client.key"),
      });
      cpp.tell("socket", name, name, "/");
      await cpp.next("connect", name);
      cpp.tell("emit", name, "who");
      assert.deepEqual(await cpp.next("event", name, "you"), ["event", name, "you", "mina", transport]);
    });
  }
});
