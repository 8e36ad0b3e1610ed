// An HTTP proxy with the faults that stand in front of real servers.

import http from "node:http";
import https from "node:https";
import net from "node:net";

// backends: ports. Faults: stripUpgrade, buffer (answers wait for their end), idle (ms after which
// a silent tunnel is cut), host (another one for the server), spread (each request to the next
// server); tls: {key, cert}.
export async function startProxy(backends, faults = {}) {
  let turn = 0;
  const backend = () => backends[faults.spread ? turn++ % backends.length : 0];
  const sockets = new Set();
  const relay = (request, response) => {
    const headers = { ...request.headers };
    if (faults.host) headers.host = faults.host;
    delete headers.upgrade;
    headers.connection = "close";
    const { method, url: path } = request;
    const upstream = http.request({ port: backend(), host: "127.0.0.1", method, path, headers });
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    upstream.on("response", (answer) => {
      if (!faults.buffer) {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();
        return answer.pipe(response);
      }
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", () => response.destroy());
      answer.on("end", () => response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(parts)));
    });
    request.pipe(upstream);
  };
  const server = faults.tls ? https.createServer(faults.tls, relay) : http.createServer(relay);
  if (!faults.stripUpgrade) {
    server.on("upgrade", (request, socket) => {
      const upstream = net.connect(backend(), "127.0.0.1", () => {
        let head = `${request.method} ${request.url} HTTP/1.1\r\n`;
        for (let i = 0; i < request.rawHeaders.length; i += 2) {
          const host = faults.host && request.rawHeaders[i].toLowerCase() === "host";
          head += `${request.rawHeaders[i]}: ${host ? faults.host : request.rawHeaders[i + 1]}\r\n`;
        }
        upstream.write(`${head}\r\n`);
        socket.pipe(upstream).pipe(socket);
      });
      if (faults.idle) socket.setTimeout(faults.idle, () => socket.destroy());
      sockets.add(upstream);
      for (const [one, other] of [[socket, upstream], [upstream, socket]]) {
        one.on("error", () => {});
        one.on("close", () => other.destroy());
      }
    });
  }
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `${faults.tls ? "https" : "http"}://127.0.0.1:${server.address().port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
