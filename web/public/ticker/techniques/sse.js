import { textBytes } from "./bytes.js";
import { offersPush } from "./polling.js";

export const sse = {
  id: "sse",
  name: "Server-sent events",
  how: "One HTTP answer that does not end, one way. The browser comes back by itself, and says where it was.",

  offered: offersPush,

  connect({ onMessage, onState }) {
    const source = new EventSource("/push/ticker");
    source.onopen = () => onState("online");
    source.onerror = () => onState("reconnecting");
    // The lines of an event, and its chunk's head and end.
    const framing = (event) => `id: ${event.lastEventId}\ndata: \n\n`.length + 6;
    source.onmessage = (event) => onMessage(event.data, textBytes(event.data) + framing(event));
  },
};
