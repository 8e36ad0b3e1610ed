// The `load` profile on npm ws: /echo returns each message; /pub reaches every client of /sub.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { listen } from "./listen.mjs";

const options = { noServer: true, perMessageDeflate: false, maxPayload: 256 * 1024 * 1024 };
const wss = new WebSocketServer(options);
const subscribers = new Set();

const routes = {
  "/echo": (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })),
  "/sub": (socket) => {
    subscribers.add(socket);
    socket.on("close", () => subscribers.delete(socket));
  },
  "/pub": (socket) =>
    socket.on("message", (data, binary) => {
      for (const subscriber of subscribers) subscriber.send(data, { binary });
    }),
};

const server = createServer((_, response) => response.writeHead(404).end());
server.on("upgrade", (request, stream, head) => {
  const accepted = routes[request.url];
  if (!accepted) return stream.destroy();
  wss.handleUpgrade(request, stream, head, (socket) => {
    socket.on("error", () => {});
    accepted(socket);
  });
});
listen(server);
