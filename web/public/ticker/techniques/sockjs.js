import { frameBytes, textBytes } from "./bytes.js";

const kService = "/ticker/sockjs";
const kComeBack = 1000;  // ms

export const sockjs = {
  id: "sockjs",
  name: "SockJS",
  how: "Looks like a WebSocket, and falls back on seven other ways.",

  async offered() {
    if (!globalThis.SockJS) return false;
    return (await fetch(`${kService}/info`)).ok;
  },

  connect({ onMessage, onState }) {
    const open = () => {
      const socket = new globalThis.SockJS(kService);
      socket.onopen = () => onState("online");
      // A frame is a[...], with the message as a JSON string in it.
      socket.onmessage = ({ data }) => onMessage(data, frameBytes(textBytes(JSON.stringify(data)) + 3));
      socket.onclose = () => {
        onState("reconnecting");
        setTimeout(open, kComeBack);
      };
    };
    open();
  },
};
