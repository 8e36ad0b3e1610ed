// The page: asks for a name, then ties a session to paper and pens.

import { element, hue } from "../shared/page.js";
import { Cursors } from "./cursors.js";
import { Painter } from "./painter.js";
import { Pen } from "./pen.js";
import { Session } from "./session.js";
import { boardLink, readSettings, rememberName, writeAddress } from "./settings.js";
import { Tools } from "./tools.js";

const kNoticeShown = 5000;  // ms
const kPeopleShown = 5;
const at = (id) => document.getElementById(id);
const settings = readSettings();
let session;
let noticeTimer;

if (settings.direct) enter();
else showJoin("");

at("join-form").addEventListener("submit", (event) => {
  event.preventDefault();
  settings.name = at("join-name").value.trim();
  settings.board = at("join-board").value.trim();
  if (!settings.name) return showJoin("Please tell us your name.");
  if (!settings.board) return showJoin("Please choose a board.");
  rememberName(settings.name);
  if (session) {
    Object.assign(session, { name: settings.name, boardName: settings.board });
    showDesk();
    session.start();
  } else {
    enter();
  }
});

function showJoin(error) {
  at("join-name").value = settings.name;
  at("join-board").value = settings.board;
  at("join-error").textContent = error;
  document.querySelector(".desk").hidden = true;
  document.querySelector(".join").hidden = false;
  at(settings.name ? "join-board" : "join-name").focus();
}

function showDesk() {
  document.querySelector(".join").hidden = true;
  document.querySelector(".desk").hidden = false;
  at("board-name").textContent = settings.board;
  document.title = `${settings.board} · naru whiteboard`;
  writeAddress(settings);
}

function enter() {
  showDesk();
  session = new Session(settings);
  const painter = new Painter(session.board, at("canvas"), at("stage"));
  const tools = new Tools({ colours: at("colours"), widths: at("widths") });
  new Pen(session, painter, tools, at("canvas"));
  new Cursors(session, at("cursors"));
  session.addEventListener("state", ({ detail }) => showState(detail));
  session.addEventListener("members", showPeople);
  session.addEventListener("notice", ({ detail }) => notify(detail));
  for (const change of ["changed", "extended"]) session.board.addEventListener(change, showWhatIsPossible);
  tieActs();
  showState("");
  showWhatIsPossible();
  session.start();
  globalThis.whiteboard = session.board;  // for the console, and for tests
}

function tieActs() {
  at("tools").addEventListener("submit", (event) => event.preventDefault());
  at("undo").addEventListener("click", () => session.undo());
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
    event.preventDefault();
    session.undo();
  });
  at("clear").addEventListener("click", () => at("ask").showModal());
  at("ask").addEventListener("close", () => {
    if (at("ask").returnValue === "yes") session.clear();
    at("ask").returnValue = "";
  });
  at("share").hidden = !navigator.clipboard;  // only on secure origins
  at("share").addEventListener("click", async () => {
    await navigator.clipboard.writeText(boardLink(settings.board)).then(
      () => notify("The link to this board is copied."),
      () => notify("The browser does not let us copy."),
    );
  });
}

function showState(error) {
  const { link } = session;
  const state = !link ? "connecting" : session.online ? "online" : link.state;
  if (state === "refused") showJoin(error || "The server refused.");
  at("link").dataset.state = at("connection").dataset.state = state;
  setText(at("connection"), { online: "Connected", reconnecting: "Reconnecting…" }[state] ?? "Connecting…");
  at("transport").dataset.transport = link?.transport ?? "none";
  setText(at("transport"), { polling: "polling", websocket: "WebSocket" }[link?.transport] ?? "no transport");
  const rtt = link?.rtt ?? null;
  setText(at("rtt"), rtt === null ? "" : rtt < 1 ? "< 1 ms" : `${Math.round(rtt)} ms`);
  showWhatIsPossible();
}

function showWhatIsPossible() {
  const { strokes } = session.board;
  at("empty").hidden = strokes.length > 0 || !session.me;
  at("undo").disabled = session.board.lastOwn() === null;
  at("clear").disabled = strokes.length === 0 || !session.link || !session.online;
}

function showPeople() {
  const all = [...session.members.entries()];
  const shown = all.length > kPeopleShown ? all.slice(0, kPeopleShown - 1) : all;
  const items = shown.map(([seat, name]) => {
    const item = element("li", "avatar", [...name][0]?.toUpperCase() ?? "?");
    item.style.setProperty("--hue", hue(name));
    item.title = seat === session.me.seat ? `${name} (you)` : name;
    item.setAttribute("aria-label", item.title);
    item.dataset.testid = "person";
    return item;
  });
  if (shown.length < all.length) items.push(element("li", "avatar more", `+${all.length - shown.length}`));
  at("people").replaceChildren(...items);
}

function notify(text) {
  clearTimeout(noticeTimer);
  at("notice").textContent = text;
  noticeTimer = setTimeout(() => (at("notice").textContent = ""), kNoticeShown);
}

// A screen reader repeats a status that is written again: write only what changed.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
