// naru doctor before proxies with faults, each of which it has to find.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { run } from "./lib/command.mjs";
import { startProxy } from "./lib/faulty-proxy.mjs";
import { startServe } from "./lib/server.mjs";

describe("naru doctor", () => {
  const servers = [];
  before(async () => {
    for (let i = 0; i < 2; i++) servers.push(await startServe(["--listen", "127.0.0.1:0", "--sockjs", "/sockjs"]));
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  // What it says of a proxy with this fault: the names of what is wrong.
  async function diagnose(faults, path = "", ...more) {
    const proxy = await startProxy(servers.map(({ port }) => port), faults);
    try {
      const said = await run(["doctor", proxy.url + path, "--wait", "1", ...more]);
      const wrong = [...said.out.matchAll(/^WRONG +(\w+)/gm)].map((match) => match[1]);
      assert.equal(said.status, wrong.length ? 1 : 0, said.out + said.err);
      return { ...said, wrong };
    } finally {
      proxy.close();
    }
  }

  for (const path of ["", "/push/prices", "/sockjs/prices"]) {
    it(`finds nothing in a proxy that does its work${path && ": a stream"}`, async () => {
      const { out, wrong } = await diagnose({}, path);
      assert.deepEqual(wrong, [], out);
      assert.match(out, path.startsWith("/push") ? /ok +buffering/ : /ok +upgrade/);
    });
  }

  it("finds what stands in the way of SockJS", async () => {
    const service = "/sockjs/prices";
    assert.deepEqual((await diagnose({ buffer: true }, service)).wrong, ["buffering"]);
    assert.deepEqual((await diagnose({ spread: true }, service)).wrong, ["stickiness"]);
    assert.deepEqual((await diagnose({ stripUpgrade: true }, service)).wrong, ["upgrade"]);
    const elsewhere = ["--origin", "https://elsewhere.example"];
    assert.deepEqual((await diagnose({}, service, ...elsewhere)).wrong, ["origin"]);
    assert.deepEqual((await diagnose({}, "/none", "--protocol", "sockjs")).wrong, ["handshake"]);
  });

  it("finds an upgrade that is stripped", async () => {
    const { out, wrong } = await diagnose({ stripUpgrade: true });
    assert.deepEqual(wrong, ["upgrade"], out);
    assert.match(out, /proxy_set_header Upgrade/);
  });

  it("finds answers that are buffered", async () => {
    const { out, wrong } = await diagnose({ buffer: true }, "/push/prices");
    assert.deepEqual(wrong, ["buffering"], out);
    assert.match(out, /proxy_buffering off/);
  });

  it("finds a silent connection that is cut", async () => {
    const { out, wrong } = await diagnose({ idle: 200 });
    assert.deepEqual(wrong, ["idle"], out);
    assert.match(out, /proxy_read_timeout/);
  });

  it("finds pages that are refused since the proxy changes Host", async () => {
    const { out, wrong } = await diagnose({ host: "backend.internal" });
    assert.deepEqual(wrong, ["origin"], out);
    assert.match(out, /proxy_set_header Host/);
  });

  it("finds an origin that the server does not allow", async () => {
    const { out, wrong } = await diagnose({}, "", "--origin", "https://elsewhere.example");
    assert.deepEqual(wrong, ["cors", "origin"], out);
    assert.match(out, /naru serve --origin/);
  });

  it("finds two servers without stickiness", async () => {
    const { out, wrong } = await diagnose({ spread: true });
    assert.deepEqual(wrong, ["stickiness"], out);
    assert.match(out, /ip_hash/);
  });

  it("finds certificates that are not trusted, and expired ones", async () => {
    const folder = mkdtempSync(join(tmpdir(), "naru-doctor-"));
    try {
      const [key, request, cert] = ["key", "csr", "pem"].map((end) => join(folder, end));
      const openssl = (...args) => execFileSync("openssl", args, { stdio: "ignore" });
      openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
              "-keyout", key, "-out", request, "-subj", "/CN=expired",
              "-addext", "subjectAltName=IP:127.0.0.1");
      openssl("x509", "-req", "-in", request, "-signkey", key, "-days", "-1",
              "-copy_extensions", "copy", "-out", cert);
      const tls = { key: readFileSync(key), cert: readFileSync(cert) };
      const strange = await diagnose({ tls });
      assert.deepEqual(strange.wrong, ["tls"], strange.out);
      const expired = await diagnose({ tls }, "", "--ca", cert);
      assert.deepEqual(expired.wrong, ["tls"], expired.out);
      assert.match(expired.out, /expired/);
      assert.match(expired.out, /ssl_certificate/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says that nobody listens", async () => {
    const { out, status } = await run(["doctor", "ws://127.0.0.1:1/"]);
    assert.equal(status, 1);
    assert.match(out, /WRONG +connect/);
  });
});
