import { frameBytes, textBytes } from "./bytes.js";

const kService = "/ticker/stomp/sockjs";
const kComeBack = 1000;  // ms

export const stomp = {
  id: "stomp",
  name: "STOMP over SockJS",
  how: "Frames with headers, from a broker with topics and queues. What Spring's clients speak, in the way they do.",

  async offered() {
    if (!globalThis.SockJS || !globalThis.StompJs) return false;
    return (await fetch(`${kService}/info`)).ok;
  },

  connect({ onMessage, onState }) {
    const client = new globalThis.StompJs.Client({
      webSocketFactory: () => new globalThis.SockJS(kService),
      reconnectDelay: kComeBack,
    });
    client.onConnect = () => {
      onState("online");
      client.subscribe("/topic/ticker", (message) => onMessage(message.body, bytesOf(message)));
    };
    client.onWebSocketClose = () => onState("reconnecting");
    client.activate();
  },
};

// The frame as a JSON string, in a[...]: a line feed has two bytes there, and the NUL at its end six.
function bytesOf({ command, headers, body }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const frame = [command, ...lines, "", `${body}\0`].join("\n");
  return frameBytes(textBytes(JSON.stringify(frame)) + 3);
}
