// Socket.IO's own Admin UI, the page as npm has it, on a server of ours.

import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";

import { kBrowsers } from "./lib/browsers.mjs";
import { kRoot, startProfile } from "./lib/server.mjs";
import { next } from "./lib/wait.mjs";

const kShots = path.join(kRoot, "build/screenshots");
const kPage = path.join(path.dirname(createRequire(import.meta.url).resolve("@socket.io/admin-ui")), "../ui/dist");
const kTypes = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".svg": "image/svg+xml" };

// The page's files, from an origin of their own.
function servePage() {
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, "http://page").pathname;
    const file = path.join(kPage, path.normalize(name === "/" ? "/index.html" : name));
    try {
      const body = await readFile(file);
      response.setHeader("content-type", kTypes[path.extname(file)] ?? "application/octet-stream");
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

// The form's fields as somebody would fill them in: Vue hears of each by its input event.
function logIn(page, url, password) {
  return page.run((values) => {
    const form = document.querySelector("form");
    const fields = [...form.querySelectorAll("input[type=text], input[type=password]")];
    values.forEach((value, i) => {
      fields[i].value = value;
      fields[i].dispatchEvent(new Event("input"));
    });
    setTimeout(() => form.querySelector("button[type=submit]").click(), 0);
  }, [url, "admin", password]);
}

describe("the Admin UI in Chromium", { timeout: 60_000 }, () => {
  let server, files, browser, page, client;
  const shows = (text) => page.until(text, (wanted) => document.body.innerText.includes(wanted), text);
  const go = (where) => page.run((to) => { location.hash = to; }, where);
  // Once nothing slides or fades any more.
  const shot = async (name) => {
    await page.until("nothing moves", () =>
      document.getAnimations().every(
        ({ playState, effect }) => playState !== "running" || effect.getComputedTiming().iterations === Infinity,
      ),
    );
    await page.screenshot(path.join(kShots, `admin-${name}.png`));
  };

  before(async () => {
    server = await startProfile("socketio-admin");
    files = await servePage();
    browser = await kBrowsers.Chromium();
    await mkdir(kShots, { recursive: true });
    client = io(server.url, { forceNew: true });
    await next(client, "connect");
    client.emit("join", "harbour");
  });
  after(async () => {
    client?.disconnect();
    await browser?.close();
    files?.close();
    await server?.stop();
  });

  it("asks for the login", async () => {
    page = await browser.open(`http://127.0.0.1:${files.address().port}/`);
    await page.until("the form", () => document.querySelectorAll("form input").length >= 3);
    await logIn(page, server.url, "wrong");
    await shows("Invalid credentials");
    await logIn(page, server.url, "changeit");
    await page.until("the server", () => !document.querySelector(".v-dialog--active"));
  });

  it("shows the server, its sockets and rooms", async () => {
    await shows("100.0 %");
    await shot("dashboard");
    await go("/servers/");
    await shows("HEALTHY");
    await shot("servers");
    await go("/sockets/");
    await shows(client.id);
    await shot("sockets");
    await go("/rooms/");
    await shows("harbour");
    await shot("rooms");
  });

  it("shows events as they come", async () => {
    await go("/events/");
    client.emit("say", "ahoy");
    await shows("Event received");
    await shows("Event name: say");
    await shows("Event name: said");
    await shot("events");
  });

  it("acts on a socket", async () => {
    await go(`/n/${encodeURIComponent("/")}/sockets/${client.id}`);
    await shows(client.id);
    await shot("socket");
    const gone = next(client, "disconnect");
    await page.run(() => [...document.querySelectorAll("button .mdi-logout")].at(-1).closest("button").click());
    await gone;
  });
});
