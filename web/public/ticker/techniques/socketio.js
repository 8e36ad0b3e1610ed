import { frameBytes } from "./bytes.js";

export const socketio = {
  id: "socketio",
  name: "Socket.IO",
  how: "Events over WebSocket, with polling to fall back on. Knows rooms, acknowledgements and reconnecting.",

  offered: async () => Boolean(globalThis.io),

  connect({ onMessage, onState, clock }) {
    const socket = globalThis.io("/ticker", { path: "/socket.io/", forceNew: true });
    let bytes = 0;
    socket.io.on("open", () => {
      socket.io.engine.on("packet", ({ data }) => (bytes = typeof data === "string" ? frameBytes(data.length + 1) : bytes));
    });
    socket.on("connect", () => {
      onState("online");
      clock.learnFrom(socket);
    });
    socket.on("disconnect", () => onState("reconnecting"));
    socket.on("connect_error", () => onState("reconnecting"));
    socket.on("prices", (list) => onMessage(JSON.stringify(list), bytes));
  },
};
