// The `load` profile on npm socket.io: `message` comes back, `publish` goes to the room `room`.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { listen } from "./listen.mjs";

const server = createServer();
const io = new Server(server, {
  perMessageDeflate: false,
  httpCompression: false,
  maxHttpBufferSize: 256 * 1024 * 1024,
  serveClient: false,
});
io.on("connection", (socket) => {
  socket.on("message", (x) => socket.emit("message", x));
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("publish", (x) => io.to("room").emit("message", x));
});
listen(server);
