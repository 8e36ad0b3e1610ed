// The page: asks for a name, then ties a session to its views.

import { element, hue } from "../shared/page.js";
import { Composer } from "./composer.js";
import { LinkView } from "./link-view.js";
import { LogView } from "./log-view.js";
import { Session } from "./session.js";
import { kRooms, readSettings, rememberName, roomLink, writeAddress } from "./settings.js";

const kNoticeShown = 6000;  // ms
const at = (id) => document.getElementById(id);
const settings = readSettings();
const rooms = new Set([...kRooms, settings.room]);
let session;
let noticeTimer;

if (settings.direct) enter();
else showJoin("");

at("join-form").addEventListener("submit", (event) => {
  event.preventDefault();
  settings.name = at("join-name").value.trim();
  settings.room = at("join-room").value.trim();
  if (!settings.name) return showJoin("Please tell us your name.");
  if (!settings.room) return showJoin("Please choose a room.");
  rememberName(settings.name);
  if (session) restart();
  else enter();
});

function showJoin(error) {
  at("known-rooms").replaceChildren(...kRooms.map((room) => Object.assign(element("option"), { value: room })));
  at("join-name").value = settings.name;
  at("join-room").value = settings.room;
  at("join-error").textContent = error;
  document.querySelector(".chat").hidden = true;
  document.querySelector(".join").hidden = false;
  at(settings.name ? "join-room" : "join-name").focus();
}

// After a refusal: the views stay tied to the session, which begins again under another name.
function restart() {
  session.name = settings.name;
  session.room = settings.room;
  showChat();
  session.start();
}

function showChat() {
  rooms.add(settings.room);
  document.querySelector(".join").hidden = true;
  document.querySelector(".chat").hidden = false;
  at("text").focus();
}

function enter() {
  session = new Session(settings);
  new LogView(session.transcript, {
    list: at("log"),
    scroller: at("scroller"),
    empty: at("empty"),
    newest: at("newest"),
  });
  new LinkView(session, {
    panel: document.querySelector(".link"),
    connection: at("connection"),
    transport: at("transport"),
    small: at("transport-small"),
    rtt: at("rtt"),
    upgraded: at("upgraded"),
    explain: at("explain"),
    modes: document.querySelectorAll("input[name=transport]"),
  });
  new Composer(session, {
    form: at("composer"),
    text: at("text"),
    file: at("file"),
    attach: at("attach"),
    dropZone: at("talk"),
    notify,
  });
  session.addEventListener("state", ({ detail }) => stateChanged(detail));
  session.addEventListener("room", showRooms);
  session.addEventListener("members", showMembers);
  session.addEventListener("typing", showTypists);
  session.addEventListener("notice", ({ detail }) => notify(detail));
  for (const radio of document.querySelectorAll("input[name=transport]")) {
    radio.addEventListener("change", writeOwnAddress);
  }
  tieSide();
  showChat();
  showRooms();
  session.start();
}

function stateChanged(error) {
  if (session.link.state === "refused") {
    showJoin(error === "name required" ? "This name was not accepted." : error || "The server refused.");
  }
  for (const control of document.querySelectorAll(".rooms button, .room-form button")) {
    control.disabled = !session.link.inRoom;
  }
}

function showRooms() {
  rooms.add(session.room);
  at("room").textContent = session.room;
  document.title = `${session.room} · naru chat`;
  at("rooms").replaceChildren(...[...rooms].map(roomItem));
  writeOwnAddress();
}

function roomItem(room) {
  const item = element("li");
  const button = element("button", "room", room);
  button.type = "button";
  button.dataset.testid = "room-choice";
  button.disabled = !session.link?.inRoom;
  if (room === session.room) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => moveTo(room));
  item.append(button);
  return item;
}

function moveTo(room) {
  closeSide();
  session.move(room);
  at("text").focus();
}

function showMembers() {
  const items = [...session.members].map(([id, name]) => {
    const item = element("li", "member");
    item.dataset.testid = "member";
    item.style.setProperty("--hue", hue(name));
    const initial = element("span", "avatar", [...name][0]?.toUpperCase() ?? "?");
    initial.setAttribute("aria-hidden", "true");
    item.append(initial, element("span", "name", name));
    if (id === session.me.id) item.append(element("span", "you", "you"));
    return item;
  });
  at("members").replaceChildren(...items);
  at("member-count").textContent = String(items.length);
}

function showTypists() {
  const names = [...session.typists.values()].map(({ name }) => name);
  at("typing").textContent =
    names.length === 0
      ? ""
      : names.length === 1
        ? `${names[0]} is typing…`
        : names.length === 2
          ? `${names[0]} and ${names[1]} are typing…`
          : "Several people are typing…";
}

function notify(text) {
  clearTimeout(noticeTimer);
  at("notice").textContent = text;
  noticeTimer = setTimeout(() => (at("notice").textContent = ""), kNoticeShown);
}

function writeOwnAddress() {
  writeAddress(session);
}

// On a narrow screen the side is a panel over the conversation.
function tieSide() {
  at("side-open").addEventListener("click", () => {
    document.body.classList.add("side-shown");
    at("side-open").setAttribute("aria-expanded", "true");
    at("side-close").focus();
  });
  at("side-close").addEventListener("click", closeSide);
  at("scrim").addEventListener("click", closeSide);
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeSide());
  at("room-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const room = at("room-input").value.trim();
    if (!room) return;
    at("room-input").value = "";
    moveTo(room);
  });
  // The clipboard is there only on secure origins (https, localhost).
  at("share").hidden = !navigator.clipboard;
  at("share").addEventListener("click", async () => {
    await navigator.clipboard.writeText(roomLink(session.room)).then(
      () => notify("The link to this room is copied."),
      () => notify("The browser does not let us copy."),
    );
  });
}

function closeSide() {
  if (!document.body.classList.contains("side-shown")) return;
  document.body.classList.remove("side-shown");
  at("side-open").setAttribute("aria-expanded", "false");
  at("side-open").focus();
}
