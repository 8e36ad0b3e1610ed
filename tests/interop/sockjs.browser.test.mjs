// sockjs-client in browsers, each transport forced by itself: those that need a page too.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { kBrowsers } from "./lib/browsers.mjs";
import { startProfile } from "./lib/server.mjs";
import { sockjsCases } from "./lib/sockjs-cases.mjs";

const kClient = path.join(path.dirname(createRequire(import.meta.url).resolve("sockjs-client/package.json")), "dist/sockjs.js");
const kTransports = ["websocket", "xhr-streaming", "eventsource", "xhr-polling", "jsonp-polling"];
// htmlfile's page sets its document.domain, as the protocol has it. Firefox then keeps it from the page
// around it, whose client does not (the same with sockjs-node); Chromium ignores the setting.
const kOfBrowser = { Chromium: [...kTransports, "htmlfile"], Firefox: kTransports };

for (const [engine, startBrowser] of Object.entries(kBrowsers)) {
  describe(`SockJS in ${engine}`, { timeout: 240_000 }, () => {
    let server;
    let browser;
    let page;
    async function openPage() {
      const opened = await browser.open(`${server.url}/echo`);
      await opened.raw.addScriptTag({ content: await readFile(kClient, "utf8") });
      await opened.raw.addScriptTag({ content: `${sockjsCases}\n` });
      return opened;
    }
    before(async () => {
      server = await startProfile("sockjs", 0, "--loops", "2");
      browser = await startBrowser();
      page = await openPage();
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    for (const transport of kOfBrowser[engine]) {
      for (const name of Object.keys(sockjsCases(null, "", transport))) {
        it(`${name} over ${transport}`, async () => {
          // The client cannot end a script's load: the poll of a socket that it has closed stays until the
          // next heartbeat, 25 s, on one of the six connections that a browser has for an origin. So a
          // page of its own for each case, whose end ends them.
          if (transport === "jsonp-polling") {
            await page.close();
            page = await openPage();
          }
          const [sent, got] = await page.run(async ([by, what]) => {
            const { sent, got } = sockjsCases(SockJS, location.origin, by)[what]();
            return [sent, await got];
          }, [transport, name]);
          assert.deepEqual(got, sent);
        });
      }
    }
  });
}
