// Both ways to poll GET /push/<topic>: each answer has a cursor, which the next question shows.

import { headBytes, textBytes } from "./bytes.js";

const kTopic = "/push/ticker";
const kWait = 25;  // s
const kEvery = 2000;  // ms
const kComeBack = 1000;  // ms
let offering;

// Asked once for all of them.
export function offersPush() {
  offering ??= fetch(`${kTopic}?wait=0`, { headers: { Accept: "application/json" } }).then(({ ok }) => ok);
  return offering;
}

export const longPolling = {
  id: "longpolling",
  name: "Long polling",
  how: "A question that is answered when there is news, then asked again. Works wherever HTTP does.",
  offered: offersPush,
  connect: (to) => poll(to, kWait, 0),
};

export const polling = {
  id: "polling",
  name: "Polling",
  how: "A question every two seconds, whether or not there is news. Simple, late, and chatty.",
  offered: offersPush,
  connect: (to) => poll(to, 0, kEvery),
};

function poll({ onMessage, onState }, wait, pause) {
  let cursor = "";
  const ask = async () => {
    try {
      const query = new URLSearchParams({ wait, ...(cursor && { cursor }) });
      const response = await fetch(`${kTopic}?${query}`, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const text = await response.text();
      const answer = JSON.parse(text);
      cursor = answer.cursor;
      onState("online");
      const bytes = (headBytes(response) + textBytes(text)) / Math.max(answer.messages.length, 1);
      for (const { data, text: plain } of answer.messages) onMessage(plain ?? JSON.stringify(data), bytes);
      setTimeout(ask, pause);
    } catch {
      onState("reconnecting");
      setTimeout(ask, Math.max(pause, kComeBack));
    }
  };
  ask();
}
