// The ticker demo in real browsers: every technique that the server offers brings the same lists.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { kBrowsers } from "./lib/browsers.mjs";
import { Gate } from "./lib/gate.mjs";
import { request } from "./lib/raw.mjs";
import { kRoot, startGallery } from "./lib/server.mjs";

const kShots = path.join(kRoot, "build/screenshots");
const kAlways = ["socketio", "websocket", "sockjs", "stomp"];
const kByPush = ["sse", "longpolling", "polling"];

for (const [engine, startBrowser] of Object.entries(kBrowsers)) {
  describe(`ticker in ${engine}`, { timeout: 120_000 }, () => {
    let server;
    let browser;
    let expected;

    before(async () => {
      server = await startGallery();
      browser = await startBrowser();
      await mkdir(kShots, { recursive: true });
      const { status } = await request(server, "/push/ticker?wait=0");
      expected = status === 200 ? [...kAlways, ...kByPush] : kAlways;
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    const panels = (page) =>
      page.run(() =>
        Object.fromEntries(
          [...document.querySelectorAll(".panel")].map((panel) => [
            panel.dataset.testid.replace("panel-", ""),
            {
              state: panel.dataset.state,
              total: Number(panel.dataset.total ?? 0),
              ...Object.fromEntries([...panel.querySelectorAll("dd")].map((dd) => [dd.dataset.stat, dd.textContent])),
            },
          ]),
        ),
      );
    // Each panel has had so many lists more than now.
    const goesOn = async (page, more) => {
      const before = await panels(page);
      await page.until(
        `${more} lists more in each panel`,
        ([then, count]) =>
          [...document.querySelectorAll(".panel")].every(
            (panel) => Number(panel.dataset.total ?? 0) >= (then[panel.dataset.testid.replace("panel-", "")]?.total ?? 0) + count,
          ),
        [before, more],
      );
    };
    const open = async (at, view) => {
      const page = await browser.open(`${at.url}/ticker/`, view);
      await page.until("the panels", (wanted) => document.querySelectorAll(".panel").length === wanted, expected.length);
      return page;
    };

    it("shows every technique that the server offers, and what each costs", async () => {
      const page = await browser.open(`${server.url}/`);
      await page.click("card-ticker");
      await page.until("the panels", (wanted) => document.querySelectorAll(".panel").length === wanted, expected.length);
      await goesOn(page, 12);
      await page.until("all measured", () =>
        [...document.querySelectorAll(".panel dd")].every(({ textContent }) => /\d/.test(textContent)),
      );
      const shown = await panels(page);
      assert.deepEqual(Object.keys(shown).sort(), [...expected].sort());
      for (const [id, { state, bytes, perSecond }] of Object.entries(shown)) {
        assert.equal(state, "online", id);
        // A list has some 85 bytes; nothing carries it for less.
        assert.ok(Number(bytes) > 80, `${id}: ${bytes} bytes`);
        assert.ok(Number(perSecond) > 0, `${id}: ${perSecond} per second`);
      }
      assert.ok(Number(shown.websocket.bytes) < Number(shown.socketio.bytes), "the bare frame is the smallest");
      assert.match(await page.text("symbols"), /BOAT\d+\.\d\dOAR\d+\.\d\dREED\d+\.\d\dTIDE\d+\.\d\d/);
      await page.raw.screenshot({ path: path.join(kShots, `ticker-light-${engine}.png`), fullPage: true });
      await page.close();
    });

    it("fits a phone", async () => {
      const page = await open(server, { width: 390, height: 844, dark: true });
      await goesOn(page, 10);
      assert.ok(await page.run(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
      await page.raw.screenshot({ path: path.join(kShots, `ticker-phone-${engine}.png`), fullPage: true });
      await page.close();
    });

    it("goes on after the network was gone", async () => {
      const gate = await Gate.before(server);
      gate.open();
      const page = await open(gate);
      await goesOn(page, 2);
      gate.break();
      await page.until("all are cut off", () => !document.querySelector(".panel[data-state=online]"));
      gate.mend();
      await page.until("all are back", () => !document.querySelector(".panel:not([data-state=online])"));
      await goesOn(page, 2);
      await page.close();
      gate.close();
    });

    it("raised no error in any page", () => {
      const ofTheCut = /can’t establish a connection|was interrupted/;  // Firefox counts them as errors
      assert.deepEqual(browser.errors.filter((error) => !ofTheCut.test(error)), []);
    });
  });
}
