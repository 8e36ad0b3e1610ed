// Shows a transcript. All that peers wrote goes in as text, never as markup.

import { element, hue } from "../shared/page.js";
import { kTypes } from "./picture.js";

const kGroup = 5 * 60_000;  // ms within which one author's messages stand together
const kNearEnd = 80;  // px
const kTicks = {
  pending: ["◷", "waiting to be sent"],
  sent: ["✓", "the server has it"],
  failed: ["!", "not sent"],
};

export class LogView {
  #items = new Map();  // key → element
  #urls = new Map();  // key → object URL of a picture

  constructor(transcript, { list, scroller, empty, newest }) {
    Object.assign(this, { transcript, list, scroller, empty, newest });
    transcript.addEventListener("add", ({ detail }) => this.#add(detail));
    transcript.addEventListener("change", ({ detail }) => this.#update(detail.entry));
    transcript.addEventListener("drop", ({ detail }) => this.#drop(detail.entry));
    transcript.addEventListener("reset", () => this.#clear());
    scroller.addEventListener("scroll", () => (newest.hidden ||= this.#atEnd()), { passive: true });
    newest.addEventListener("click", () => {
      this.#toEnd();
      scroller.focus();
    });
    // The keyboard of a phone, or a taller composer, takes room from below.
    new ResizeObserver(() => this.following && this.#toEnd()).observe(scroller);
  }

  get following() {
    return this.newest.hidden;
  }

  #add({ entry, previous, next }) {
    const follow = entry.mine || (this.following && this.#atEnd());
    const item = this.#render(entry);
    this.#items.set(entry.key, item);
    this.list.insertBefore(item, next ? this.#items.get(next.key) : null);
    this.#group(entry, previous);
    if (next) this.#group(next, entry);
    this.empty.hidden = true;
    if (follow) this.#toEnd();
    else this.newest.hidden = false;
  }

  #render(entry) {
    const item = element("li", "message");
    item.dataset.testid = "message";
    item.style.setProperty("--hue", hue(entry.from.name));
    const author = element("p", "author", entry.from.name);
    const bubble = element("div", "bubble");
    if (entry.image) bubble.append(this.#picture(entry));
    if (entry.text !== undefined) {
      const text = element("p", "text", entry.text);
      text.dataset.testid = "message-text";
      text.dir = "auto";
      bubble.append(text);
    }
    const meta = element("p", "meta");
    meta.append(element("time", ""), element("span", "ticks"), element("span", "error"));
    bubble.append(meta);
    item.append(author, bubble);
    this.#fill(item, entry);
    return item;
  }

  #picture(entry) {
    const { type, name, data } = entry.image;
    // The type names what the browser will make of the bytes: only pictures, whoever sent it.
    const blob = new Blob([data], { type: kTypes.includes(type) ? type : "image/png" });
    const url = URL.createObjectURL(blob);
    this.#urls.set(entry.key, url);
    const image = element("img", "picture");
    image.dataset.testid = "message-image";
    image.alt = name ? `Picture: ${name}` : "Picture";
    image.addEventListener("load", () => this.following && this.#toEnd(), { once: true });
    image.src = url;
    return image;
  }

  #fill(item, entry) {
    item.dataset.id = entry.id ?? "";
    item.dataset.state = entry.state;
    item.classList.toggle("mine", entry.mine);
    const time = item.querySelector("time");
    const at = new Date(entry.at);
    time.dateTime = at.toISOString();
    time.title = at.toLocaleString();
    time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    item.querySelector(".error").textContent = entry.error ? `not sent: ${entry.error}` : "";
    if (entry.mine) this.#tick(item.querySelector(".ticks"), entry);
  }

  #tick(ticks, entry) {
    const [sign, meaning] =
      entry.state === "delivered"
        ? ["✓✓", `reached ${[...entry.readers].join(", ")}`]
        : kTicks[entry.state];
    ticks.dataset.testid = "ticks";
    ticks.title = meaning;
    ticks.setAttribute("role", "img");
    ticks.setAttribute("aria-label", meaning);
    ticks.textContent = sign;
  }

  #group(entry, previous) {
    const follows =
      previous !== undefined &&
      previous.mine === entry.mine &&
      previous.from.name === entry.from.name &&
      Math.abs(entry.at - previous.at) < kGroup;
    this.#items.get(entry.key).classList.toggle("follows", follows);
  }

  #update(entry) {
    const item = this.#items.get(entry.key);
    if (item) this.#fill(item, entry);
  }

  #drop(entry) {
    this.#items.get(entry.key)?.remove();
    this.#items.delete(entry.key);
    URL.revokeObjectURL(this.#urls.get(entry.key));
    this.#urls.delete(entry.key);
  }

  #clear() {
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
    this.#items.clear();
    this.list.replaceChildren();
    this.empty.hidden = false;
    this.newest.hidden = true;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < kNearEnd + this.#lastHeight();
  }

  // The newest message may be tall: having it half in view still counts as being at the end.
  #lastHeight() {
    return this.list.lastElementChild?.offsetHeight ?? 0;
  }

  #toEnd() {
    this.newest.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}
