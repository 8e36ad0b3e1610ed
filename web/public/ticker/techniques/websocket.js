import { frameBytes, textBytes } from "./bytes.js";

const kComeBack = 1000;  // ms

export const websocket = {
  id: "websocket",
  name: "WebSocket",
  how: "One connection, both ways, a frame per message. Everything above that is yours to write.",

  offered: async () => true,

  connect({ onMessage, onState }) {
    const open = () => {
      const socket = new WebSocket(new URL("/ticker/ws", location.href.replace(/^http/, "ws")));
      socket.onopen = () => onState("online");
      socket.onmessage = ({ data }) => onMessage(data, frameBytes(textBytes(data)));
      socket.onclose = () => {
        onState("reconnecting");
        setTimeout(open, kComeBack);
      };
    };
    open();
  },
};
