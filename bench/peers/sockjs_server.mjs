// The `load` profile on npm sockjs: /sockjs returns each message.
import { createServer } from "node:http";
import sockjs from "sockjs";
import { listen } from "./listen.mjs";

const echo = sockjs.createServer({ log: () => {} });
echo.on("connection", (connection) => connection.on("data", (message) => connection.write(message)));
const server = createServer();
echo.installHandlers(server, { prefix: "/sockjs" });
listen(server);
