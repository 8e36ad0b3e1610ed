// HTTP and WebSocket without a library in between: bytes as a test writes them.

import { once } from "node:events";
import http from "node:http";
import net from "node:net";

const kSilence = 5_000;  // ms without a byte: the server owes an answer that does not come
const kKey = "dGhlIHNhbXBsZSBub25jZQ==";

// One HTTP request on a connection of its own: {status, headers, body}.
export function request(server, path, { method = "GET", headers = {}, body } = {}) {
  return begin(server, path, { method, headers, body }).answer;
}

// The same with the request at hand while it waits: {request, answer}. Without `body` and with
// `open`, the request's body stays open.
export function begin(server, path, { method = "GET", headers = {}, body, open = false } = {}) {
  const outgoing = http.request({ host: "127.0.0.1", port: server.port, path, method, headers, agent: false });
  const answer = new Promise((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.setTimeout(kSilence, () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
    outgoing.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  });
  // Whoever awaits it sees the error; nobody has to.
  answer.catch(() => {});
  if (open) outgoing.flushHeaders();
  else outgoing.end(body);
  return { request: outgoing, answer };
}

// Writes `bytes` to a new TCP connection and resolves to all that came back until its end.
export async function exchange(server, bytes) {
  const socket = net.connect(server.port, "127.0.0.1");
  const chunks = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});  // a reset: what came before it is the answer
  socket.setTimeout(kSilence, () => socket.destroy());
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

export function upgradeRequest(server, path, headers = []) {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${server.port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Key: ${kKey}`,
    "Sec-WebSocket-Version: 13",
    ...headers,
    "\r\n",
  ].join("\r\n");
}

// A WebSocket client that sends what it is told, right or wrong.
export class RawWebSocket {
  static #all = new Set();
  #input = Buffer.alloc(0);

  // For the end of a suite: a server waits some time for a client that does not close.
  static destroyAll() {
    for (const raw of RawWebSocket.#all) raw.destroy();
  }

  static async open(server, path = "/", headers = []) {
    const raw = new RawWebSocket();
    RawWebSocket.#all.add(raw);
    raw.socket = net.connect(server.port, "127.0.0.1");
    raw.socket.setNoDelay(true);
    raw.socket.setTimeout(kSilence, () => raw.socket.destroy(new Error("the server is silent")));
    raw.socket.on("error", (error) => (raw.error = error));
    raw.socket.write(upgradeRequest(server, path, headers));
    await raw.#fill(() => raw.#input.includes("\r\n\r\n"));
    const end = raw.#input.indexOf("\r\n\r\n") + 4;
    raw.head = raw.#input.subarray(0, end).toString("latin1");
    raw.#input = raw.#input.subarray(end);
    return raw;
  }

  send(...frames) {
    this.socket.write(Buffer.concat(frames));
  }

  // The next frame of the server: {fin, rsv, opcode, payload}.
  async frame() {
    await this.#fill(() => this.#input.length >= 2);
    const [first, second] = this.#input;
    let length = second & 0x7f;
    let start = 2;
    if (length === 126) {
      await this.#fill(() => this.#input.length >= 4);
      length = this.#input.readUInt16BE(2);
      start = 4;
    } else if (length === 127) {
      await this.#fill(() => this.#input.length >= 10);
      length = Number(this.#input.readBigUInt64BE(2));
      start = 10;
    }
    await this.#fill(() => this.#input.length >= start + length);
    const payload = Buffer.from(this.#input.subarray(start, start + length));
    this.#input = this.#input.subarray(start + length);
    return { fin: first >> 7 === 1, rsv: (first >> 4) & 7, opcode: first & 15, payload };
  }

  // Reads on to the server's Close, answers it, and waits for the end of the connection: the code,
  // null for an empty Close.
  async closeCode() {
    for (;;) {
      const { opcode, payload } = await this.frame();
      if (opcode < 8) throw new Error(`a message instead of a Close: ${payload.subarray(0, 40)}`);
      if (opcode > 8) continue;
      if (!this.socket.destroyed) this.send(frame(8, payload));
      await this.ended();
      return payload.length === 0 ? null : payload.readUInt16BE(0);
    }
  }

  async ended() {
    if (!this.socket.closed) await once(this.socket, "close");
  }

  destroy() {
    RawWebSocket.#all.delete(this);
    this.socket.destroy();
  }

  async #fill(enough) {
    while (!enough()) {
      const chunk = this.socket.read();
      if (chunk !== null) {
        this.#input = Buffer.concat([this.#input, chunk]);
      } else if (this.socket.readableEnded || this.socket.destroyed) {
        throw new Error(`the connection ended early${this.error ? `: ${this.error.message}` : ""}`);
      } else {
        await new Promise((resolve) => {
          const wake = () => {
            for (const event of ["readable", "end", "close"]) this.socket.off(event, wake);
            resolve();
          };
          for (const event of ["readable", "end", "close"]) this.socket.on(event, wake);
        });
      }
    }
  }
}

// One frame of a client. `length` lies about the payload's length, `wide` spells it in more bytes
// than it needs (16 or 64 bits).
export function frame(opcode, payload = "", { fin = true, rsv = 0, mask = true, length, wide } = {}) {
  const data = Buffer.from(payload);
  const size = BigInt(length ?? data.length);
  const bits = wide ?? (size < 126n ? 7 : size < 65536n ? 16 : 64);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const masked = mask ? 0x80 : 0;
  if (bits === 7) head.push(masked | Number(size));
  else head.push(masked | (bits === 16 ? 126 : 127));
  const extended = Buffer.alloc(bits === 7 ? 0 : bits / 8);
  if (bits === 16) extended.writeUInt16BE(Number(size));
  if (bits === 64) extended.writeBigUInt64BE(size);
  if (!mask) return Buffer.concat([Buffer.from(head), extended, data]);
  const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const hidden = data.map((byte, index) => byte ^ key[index % 4]);
  return Buffer.concat([Buffer.from(head), extended, key, hidden]);
}

export function closePayload(code, reason = "") {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}
