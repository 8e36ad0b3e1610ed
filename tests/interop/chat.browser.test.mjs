// The chat demo in real browsers: two people, three ways to connect, and changes in between.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { kBrowsers } from "./lib/browsers.mjs";
import { ChatPage } from "./lib/chat-page.mjs";
import { Gate } from "./lib/gate.mjs";
import { noisePng } from "./lib/png.mjs";
import { kRoot, startGallery } from "./lib/server.mjs";
import { numbers } from "./lib/wait.mjs";

const kModes = { auto: "websocket", polling: "polling", websocket: "websocket" };
const kShots = path.join(kRoot, "build/screenshots");

for (const [engine, startBrowser] of Object.entries(kBrowsers)) {
  describe(`chat in ${engine}`, { timeout: 60_000 }, () => {
    let server;
    let browser;
    let files;
    let picture;

    before(async () => {
      files = await mkdtemp(path.join(tmpdir(), "naru-files-"));
      picture = path.join(files, "noise.png");
      await writeFile(picture, noisePng(1000, 700));
      server = await startGallery();
      browser = await startBrowser();
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      await rm(files, { recursive: true, force: true });
    });

    const enter = (options, at = server) => ChatPage.enter(browser, at, options);

    it("is found from the gallery", async () => {
      const page = await browser.open(`${server.url}/`);
      await page.click("card-chat");
      await page.until("the form", () => document.querySelector("[data-testid=join]")?.hidden === false);
      await page.type("join-name", "Mina");
      await page.click("join-button");
      await page.until("the room", () => document.querySelector("[data-testid=room]").textContent === "landing");
      await page.until("a round trip", () => / ms$/.test(document.querySelector("[data-testid=rtt]").textContent));
      await page.close();
    });

    for (const [mode, transport] of Object.entries(kModes)) {
      it(`lets two people talk (${mode})`, async () => {
        const room = `talk-${mode}`;
        const mina = await enter({ name: "Mina", room, transport: mode });
        const jonas = await enter({ name: "Jonas", room, transport: mode, dark: true });
        await Promise.all([mina.carriedBy(transport), jonas.carriedBy(transport)]);
        await Promise.all([mina.members(["Jonas", "Mina"]), jonas.members(["Jonas", "Mina"])]);

        await jonas.page.type("text", "Hel");
        await mina.page.until("who types", () => document.getElementById("typing").textContent === "Jonas is typing…");
        await jonas.page.type("text", "lo <b>Mina</b> & 나루 🚣");
        await jonas.page.press("Enter");
        await mina.shows("Hello <b>Mina</b> & 나루 🚣");
        await mina.page.until("nobody types", () => document.getElementById("typing").textContent === "");
        await mina.say("Hello Jonas");
        await jonas.shows("Hello Jonas");
        await Promise.all([mina.allOwn("delivered"), jonas.allOwn("delivered")]);
        assert.equal(await mina.page.text("ticks"), "✓✓");

        await mina.page.upload("file", picture);
        const [sent] = await mina.pictures(1);
        const [shown] = await jonas.pictures(1);
        assert.deepEqual(shown, sent);
        assert.ok(shown.width < 1000, "noise of this size was not made smaller");
        assert.ok(Math.abs(shown.width / shown.height - 1000 / 700) < 0.02, "distorted");
        await mina.allOwn("delivered");

        const sora = await enter({ name: "Sora", room, transport: mode, width: 390, height: 780 });
        await sora.pictures(1);
        assert.deepEqual(
          (await sora.messages()).map(({ text, mine }) => [text, mine]),
          [
            ["Hello <b>Mina</b> & 나루 🚣", false],
            ["Hello Jonas", false],
            [undefined, false],
          ],
        );
        assert.equal(await sora.page.run(() => document.documentElement.scrollWidth), 390);
        await mina.members(["Jonas", "Mina", "Sora"]);
        if (engine === "Chromium" && mode === "auto") {
          await mkdir(kShots, { recursive: true });
          await mina.page.screenshot(path.join(kShots, "chat.png"));
        }
        // Gone in the middle of an upgrade, a page is missed only by the heartbeat.
        await sora.carriedBy(mode === "polling" ? "polling" : "websocket");
        await sora.close();
        await mina.members(["Jonas", "Mina"]);
        await Promise.all([mina.close(), jonas.close()]);
      });
    }

    it("has ✓ alone and ✓✓ once somebody comes", async () => {
      const alone = await enter({ name: "Alone", room: "ticks" });
      await alone.say("anybody?");
      await alone.allOwn("sent");
      assert.equal(await alone.page.text("ticks"), "✓");
      const other = await enter({ name: "Other", room: "ticks" });
      await alone.allOwn("delivered");
      assert.equal(await alone.page.text("ticks"), "✓✓");
      await Promise.all([alone.close(), other.close()]);
    });

    it("moves to another room and back", async () => {
      const mina = await enter({ name: "Mina", room: "here" });
      const jonas = await enter({ name: "Jonas", room: "there" });
      await mina.say("left behind");
      await mina.allOwn("sent");
      await mina.page.type("room-input", "there");
      await mina.page.press("Enter");
      await jonas.members(["Jonas", "Mina"]);
      await mina.members(["Jonas", "Mina"]);
      assert.deepEqual(await mina.messages(), []);
      await mina.say("now here");
      await jonas.shows("now here");
      assert.equal((await jonas.messages()).length, 1);
      await mina.page.run(() =>
        [...document.querySelectorAll("[data-testid=room-choice]")].find((node) => node.textContent === "here").click(),
      );
      await mina.shows("left behind");
      await jonas.members(["Jonas"]);
      assert.match(await mina.page.run(() => location.search), /room=here/);
      await Promise.all([mina.close(), jonas.close()]);
    });

    it("asks again when the name is refused", async () => {
      const page = await browser.open(`${server.url}/chat/?name=${"x".repeat(32)}&room=landing`);
      await page.until("connected", () => document.querySelector("[data-testid=connection]").dataset.state === "online");
      await page.close();
      const blank = await browser.open(`${server.url}/chat/?name=%20&room=landing`);
      await blank.click("join-button");
      await blank.until("a reason", () => document.getElementById("join-error").textContent !== "");
      await blank.close();
    });

    // Both sides send numbered messages; `disturb` does something to Mina's connection when a third
    // of them is through. Everything has to arrive, once and in order.
    async function stream(mina, jonas, disturb) {
      const kCount = 120;
      const kBurst = 8;
      for (let sent = 0; sent < kCount; sent += kBurst) {
        const burst = numbers(kBurst).map((n) => String(sent + n).padStart(4, "0"));
        await Promise.all([
          mina.sayAll(burst.map((n) => `mina ${n}`)),
          jonas.sayAll(burst.map((n) => `jonas ${n}`)),
        ]);
        if (sent === kCount / 3) await disturb();  // a multiple of the burst
      }
      const last = String(kCount - 1).padStart(4, "0");
      await Promise.all([mina.shows(`jonas ${last}`), jonas.shows(`mina ${last}`)]);
      const expected = (name) => numbers(kCount).map((n) => `${name} ${String(n).padStart(4, "0")}`);
      assert.deepEqual(await jonas.texts("mina", false), expected("mina"));
      assert.deepEqual(await mina.texts("jonas", false), expected("jonas"));
      assert.deepEqual(await mina.texts("mina", true), expected("mina"));
      assert.deepEqual(await jonas.texts("jonas", true), expected("jonas"));
      await Promise.all([mina.noneWaits(), jonas.noneWaits()]);
    }

    it("upgrades in the middle of a stream", async () => {
      const gate = await Gate.before(server);
      const mina = await enter({ name: "Mina", room: "upgrade" }, gate);
      const jonas = await enter({ name: "Jonas", room: "upgrade", transport: "websocket" });
      await mina.carriedBy("polling");
      await stream(mina, jonas, () => gate.open());
      await mina.carriedBy("websocket");
      await mina.page.until("the badge", () => !document.querySelector("[data-testid=upgraded]").hidden);
      await Promise.all([mina.close(), jonas.close()]);
      gate.close();
    });

    it("is switched from polling to WebSocket and back in the middle of a stream", async () => {
      const mina = await enter({ name: "Mina", room: "switch", transport: "polling" });
      const jonas = await enter({ name: "Jonas", room: "switch" });
      await mina.carriedBy("polling");
      await stream(mina, jonas, () => mina.page.click("mode-websocket"));
      await mina.carriedBy("websocket");
      await mina.page.click("mode-polling");
      await mina.carriedBy("polling");
      await mina.connected();
      await jonas.members(["Jonas", "Mina"]);
      await mina.say("still here");
      await jonas.shows("still here");
      await Promise.all([mina.close(), jonas.close()]);
    });

    for (const mode of ["polling", "websocket"]) {
      it(`keeps what is written while the network is gone (${mode})`, async () => {
        const gate = await Gate.before(server);
        gate.open();
        const mina = await enter({ name: "Mina", room: `cut-${mode}`, transport: mode }, gate);
        const jonas = await enter({ name: "Jonas", room: `cut-${mode}`, transport: "websocket" });
        await mina.sayAll(["before", "in doubt"]);
        gate.break();
        await mina.page.until(
          "reconnecting",
          () => document.querySelector("[data-testid=connection]").dataset.state === "reconnecting",
        );
        await mina.sayAll(["while away", "while away"]);
        assert.deepEqual(
          (await mina.messages()).slice(-2).map(({ state }) => state),
          ["pending", "pending"],
        );
        await jonas.say("while you were away");
        await jonas.shows("while you were away");
        gate.mend();
        await mina.connected();
        await mina.shows("while you were away");
        await mina.noneWaits();
        await jonas.page.until("all four", () => document.querySelectorAll(".message:not(.mine)").length >= 4);
        const said = ["before", "in doubt", "while away", "while away"];
        assert.deepEqual((await mina.messages()).filter(({ mine }) => mine).map(({ text }) => text), said);
        assert.deepEqual((await jonas.messages()).filter(({ mine }) => !mine).map(({ text }) => text), said);
        await Promise.all([mina.close(), jonas.close()]);
        gate.close();
      });
    }

    it("raised no error in any page", () => {
      assert.deepEqual(browser.errors, []);
    });
  });
}
