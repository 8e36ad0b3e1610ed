// Chromium and Firefox as the system has them, with one small interface for both.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import puppeteer from "puppeteer-core";

const kLimit = 10_000;  // ms
const kChromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
const kFirefox = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
const kChromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
// No calls home, and no slow timers in pages that happen to be behind others.
const kFirefoxPrefs = {
  "app.update.disabledForTesting": true,
  "browser.region.network.url": "",
  "dom.min_background_timeout_value": 4,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
};

export const kBrowsers = { Chromium: startChromium, Firefox: startFirefox };

// playwright-core asks for node 20; below that puppeteer drives Chromium as well.
async function startChromium() {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    return startPuppeteer({ browser: "chrome", executablePath: kChromium, args: [...kChromiumFlags, "--ignore-certificate-errors"] });
  }
  const { chromium } = await import("playwright-core");
  const profile = await mkdtemp(path.join(tmpdir(), "naru-chromium-"));
  // launch() keeps its profile in a directory of its own below TMPDIR.
  const browser = await chromium.launch({
    executablePath: kChromium,
    args: [...kChromiumFlags, "--ignore-certificate-errors"],  // tests make their own
    env: { ...process.env, TMPDIR: profile, HOME: profile },
  });
  const newPage = async ({ width, height, dark }) => {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      serviceWorkers: "block",
    });
    return context.newPage();
  };
  const upload = (page, selector, file) => page.setInputFiles(selector, file);
  return new Browser({ browser, profile, newPage, upload });
}

function startFirefox() {
  return startPuppeteer({ browser: "firefox", executablePath: kFirefox, extraPrefsFirefox: kFirefoxPrefs });
}

async function startPuppeteer(options) {
  const profile = await mkdtemp(path.join(tmpdir(), `naru-${options.browser}-`));
  const browser = await puppeteer.launch({
    headless: true,
    acceptInsecureCerts: true,
    userDataDir: path.join(profile, "profile"),
    env: { ...process.env, HOME: profile },
    ...options,
  });
  const newPage = async ({ width, height }) => {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport({ width, height });
    return page;
  };
  const upload = async (page, selector, file) => (await page.$(selector)).uploadFile(file);
  return new Browser({ browser, profile, newPage, upload });
}

class Browser {
  errors = [];  // what went wrong inside pages

  constructor(parts) {
    Object.assign(this, { parts });
  }

  // A page in a context of its own: cookies and storage are not shared.
  async open(url, { width = 1100, height = 760, dark = false } = {}) {
    const raw = await this.parts.newPage({ width, height, dark });
    raw.on("pageerror", (error) => this.errors.push(String(error)));
    raw.on("console", (message) => {
      if (/content.security.policy/i.test(message.text())) this.errors.push(message.text());
    });
    await raw.goto(url);
    return new Page(raw, this.parts.upload);
  }

  async close() {
    await this.parts.browser.close();
    await rm(this.parts.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  constructor(raw, upload) {
    Object.assign(this, { raw, uploadBy: upload });
  }

  run(fn, argument) {
    return this.raw.evaluate(fn, argument);
  }

  click(testId) {
    return this.raw.click(byTestId(testId));
  }

  async type(testId, text) {
    await this.raw.focus(byTestId(testId));
    await this.raw.keyboard.type(text);
  }

  press(key) {
    return this.raw.keyboard.press(key);
  }

  upload(testId, file) {
    return this.uploadBy(this.raw, byTestId(testId), file);
  }

  text(testId) {
    return this.run((selector) => document.querySelector(selector)?.textContent, byTestId(testId));
  }

  screenshot(file) {
    return this.raw.screenshot({ path: file });
  }

  async close() {
    const context = this.raw.context?.() ?? this.raw.browserContext();
    await context.close();
  }

  // Asks the page until `fn(argument)` holds there, and resolves to its value.
  async until(what, fn, argument) {
    const deadline = performance.now() + kLimit;
    for (;;) {
      const value = await this.run(fn, argument);
      if (value) return value;
      if (performance.now() > deadline) {
        const shown = await this.run(() => document.body.innerText);
        throw new Error(`not within ${kLimit} ms: ${what}\nThe page shows:\n${shown.slice(-1500)}`);
      }
    }
  }
}

function byTestId(testId) {
  return `[data-testid="${testId}"]`;
}
