// Every technique that the page knows, in its order. One is
//
//   id, name, how        for the page
//   offered()            resolves to whether this server has it
//   connect({onMessage, onState, clock})
//     calls onMessage(text, bytes) for each list, `bytes` being what the server sent for it, and
//     onState("online" | "reconnecting"); comes back by itself when the connection breaks.

import { socketio } from "./socketio.js";
import { websocket } from "./websocket.js";
import { sse } from "./sse.js";
import { longPolling, polling } from "./polling.js";
import { sockjs } from "./sockjs.js";
import { stomp } from "./stomp.js";

export const kTechniques = [socketio, websocket, sse, sockjs, stomp, longPolling, polling];
