// The whiteboard demo in real browsers: two people draw, and one of them is cut off for a while.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { kBrowsers } from "./lib/browsers.mjs";
import { Gate } from "./lib/gate.mjs";
import { kRoot, startGallery } from "./lib/server.mjs";
import { WhiteboardPage, agree } from "./lib/whiteboard-page.mjs";

const kShots = path.join(kRoot, "build/screenshots");

for (const [engine, startBrowser] of Object.entries(kBrowsers)) {
  describe(`whiteboard in ${engine}`, { timeout: 120_000 }, () => {
    let server;
    let browser;

    before(async () => {
      server = await startGallery();
      browser = await startBrowser();
      await mkdir(kShots, { recursive: true });
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    const enter = (options, at = server) => WhiteboardPage.enter(browser, at, options);
    const shot = (page, name) => page.page.screenshot(path.join(kShots, `whiteboard-${name}-${engine}.png`));

    it("is found from the gallery", async () => {
      const page = await browser.open(`${server.url}/`);
      await page.screenshot(path.join(kShots, `gallery-${engine}.png`));
      await page.click("card-whiteboard");
      await page.until("the form", () => document.querySelector("[data-testid=join]")?.hidden === false);
      await page.type("join-name", "Mina");
      await page.click("join-button");
      await page.until("the board", () => document.querySelector("[data-testid=connection]").dataset.state === "online");
      assert.equal(await page.text("board-name"), "landing");
      await page.close();
    });

    it("shows a stroke while it is drawn, and to whoever comes later", async () => {
      const mina = await enter({ name: "Mina", board: "live" });
      const jonas = await enter({ name: "Jonas", board: "live", dark: true });
      await mina.press([0.2, 0.2]);
      await mina.moveTo([0.5, 0.5]);
      await jonas.page.until("the stroke under way", () => globalThis.whiteboard.strokes[0]?.points.length > 6);
      await jonas.page.until("her cursor", () => document.querySelector("[data-testid=cursor]")?.textContent === "Mina");
      await mina.moveTo([0.8, 0.25]);
      await mina.release();
      await mina.page.click("colour-red");
      await mina.page.click("width-broad");
      await mina.draw([0.25, 0.7], [0.4, 0.8], [0.6, 0.65]);
      await jonas.page.click("colour-blue");
      await jonas.draw([0.7, 0.4], [0.75, 0.6], [0.6, 0.5], [0.72, 0.38]);
      await mina.strokes(3);
      await jonas.strokes(3);
      await agree(mina, jonas);
      assert.deepEqual((await jonas.model()).strokes.map(({ colour, width }) => [colour, width]), [[0, 11], [2, 26], [6, 11]]);
      assert.equal(await jonas.painted([0.2, 0.2]), true);
      assert.equal(await jonas.painted([0.1, 0.9]), false);

      const sora = await enter({ name: "Sora", board: "live", width: 390, height: 844 });
      await sora.strokes(3);
      await agree(mina, sora);
      assert.equal(await sora.page.run(() => document.documentElement.scrollWidth), 390);
      await mina.page.until("three people", () => document.querySelectorAll("[data-testid=person]").length === 3);
      await mina.moveTo([0.45, 0.35]);
      await Promise.all([shot(mina, "light"), shot(jonas, "dark"), shot(sora, "phone")]);
      await Promise.all([mina.close(), jonas.close(), sora.close()]);
    });

    it("takes back one's own last stroke only, and clears when told twice", async () => {
      const mina = await enter({ name: "Mina", board: "undo" });
      const jonas = await enter({ name: "Jonas", board: "undo" });
      await mina.draw([0.1, 0.1], [0.3, 0.1]);
      await jonas.strokes(1);
      await jonas.draw([0.1, 0.3], [0.3, 0.3]);
      await mina.strokes(2);
      await mina.page.click("undo");
      await Promise.all([mina.strokes(1), jonas.strokes(1)]);
      await agree(mina, jonas);
      assert.equal(await mina.page.run(() => document.getElementById("undo").disabled), true);
      await jonas.page.until("painted again", () => new Promise((done) => requestAnimationFrame(() => done(true))));
      assert.equal(await jonas.painted([0.2, 0.1]), false);
      assert.equal(await jonas.painted([0.2, 0.3]), true);

      await mina.page.click("clear");
      await mina.page.click("clear-no");
      await mina.draw([0.5, 0.5], [0.6, 0.6]);
      await jonas.strokes(2);
      await mina.page.click("clear");
      await mina.page.click("clear-yes");
      await Promise.all([mina.strokes(0), jonas.strokes(0)]);
      assert.equal(await jonas.page.text("notice"), "Mina cleared the board.");
      await Promise.all([mina.close(), jonas.close()]);
    });

    it("may undo after a reload what it drew before", async () => {
      const mina = await enter({ name: "Mina", board: "reload" });
      await mina.draw([0.1, 0.1], [0.3, 0.1]);
      await mina.strokes(1);
      const other = await enter({ name: "Other", board: "reload" });  // keeps the board
      await mina.page.raw.reload();
      await mina.connected();
      await mina.strokes(1);
      await mina.page.click("undo");
      await Promise.all([mina.strokes(0), other.strokes(0)]);
      await Promise.all([mina.close(), other.close()]);
    });

    for (const transport of ["polling", "websocket"]) {
      it(`catches up after the network was gone (${transport})`, async () => {
        const gate = await Gate.before(server);
        gate.open();
        const mina = await enter({ name: "Mina", board: `cut-${transport}`, transport }, gate);
        const jonas = await enter({ name: "Jonas", board: `cut-${transport}` });
        await mina.draw([0.1, 0.1], [0.5, 0.1]);
        await jonas.draw([0.1, 0.2], [0.5, 0.2]);
        await jonas.draw([0.1, 0.3], [0.5, 0.3]);
        await Promise.all([mina.strokes(3), jonas.strokes(3)]);

        // Cut in the middle of a stroke, which goes on meanwhile.
        await mina.press([0.1, 0.5]);
        await mina.moveTo([0.3, 0.5]);
        gate.break();
        await mina.state("reconnecting");
        await mina.moveTo([0.6, 0.55]);
        await mina.release();
        await mina.draw([0.7, 0.7], [0.8, 0.8]);  // all of it while away
        await jonas.page.click("undo");
        await jonas.draw([0.2, 0.9], [0.6, 0.9]);
        await jonas.draw([0.3, 0.8], [0.6, 0.8]);
        gate.mend();
        await mina.connected();
        await Promise.all([mina.strokes(6), jonas.strokes(6)]);
        await agree(jonas, mina);
        await Promise.all([mina.close(), jonas.close()]);
        gate.close();
      });
    }

    it("is as sharp as the screen, and keeps the picture when the window changes", async () => {
      const mina = await enter({ name: "Mina", board: "sharp" });
      await mina.draw([0.4, 0.4], [0.6, 0.6]);
      await mina.strokes(1);
      await mina.page.raw[engine === "Chromium" && mina.page.raw.setViewportSize ? "setViewportSize" : "setViewport"]({ width: 600, height: 500 });
      await mina.page.until("resized", () => {
        const canvas = document.querySelector("[data-testid=canvas]");
        return canvas.clientWidth < 600 && Math.abs(canvas.width - canvas.clientWidth * devicePixelRatio) < 2;
      });
      assert.equal(await mina.painted([0.5, 0.5]), true);
      await mina.close();
    });

    it("raised no error in any page", () => {
      assert.deepEqual(browser.errors, []);
    });
  });
}
