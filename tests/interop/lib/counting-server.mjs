// A Socket.IO server to be killed: each number that comes is printed, and then acknowledged.
//   node counting-server.mjs <port>

import { writeSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { pingInterval: 200, pingTimeout: 400 });
const print = (line) => writeSync(1, `${line}\n`);
io.on("connection", (socket) =>
  socket.on("n", (n, answer) => {
    print(n);
    answer?.(n);
  }),
);
http.listen(Number(process.argv[2]), "127.0.0.1", () => print(`listening on ${http.address().port}`));
