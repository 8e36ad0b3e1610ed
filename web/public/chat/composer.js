// Where messages are written: text, and pictures by button, paste or drop.

import { prepare } from "./picture.js";

const kTypingEvery = 2500;  // ms; below the time after which others stop showing it

export class Composer {
  #typingSince = 0;
  #typingTimer;

  constructor(session, { form, text, file, attach, dropZone, notify }) {
    Object.assign(this, { session, text, notify });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    text.addEventListener("keydown", (event) => {
      // While an input method composes (Korean, Japanese), Enter belongs to it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    text.addEventListener("input", () => {
      this.#fit();
      this.#typed();
    });
    attach.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      const files = [...file.files];
      await this.#pictures(files);
      file.value = "";
    });
    text.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (files.length === 0) return;
      event.preventDefault();
      this.#pictures(files);
    });
    this.#takeDrops(dropZone);
  }

  #send() {
    const text = this.text.value.trim();
    if (!text) return;
    this.session.say(text);
    this.text.value = "";
    this.#fit();
    this.#stopTyping();
    this.text.focus();
  }

  async #pictures(files) {
    for (const file of files) {
      try {
        this.session.sendImage(await prepare(file));
      } catch (error) {
        this.notify(error.message);
      }
    }
  }

  #takeDrops(zone) {
    const hasFiles = (event) => event.dataTransfer.types.includes("Files");
    let depth = 0;  // dragenter and dragleave also come for the elements inside
    const show = (change) => {
      depth = Math.max(0, depth + change);
      zone.classList.toggle("dropping", depth > 0);
    };
    zone.addEventListener("dragenter", (event) => hasFiles(event) && show(1));
    zone.addEventListener("dragleave", (event) => hasFiles(event) && show(-1));
    zone.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    zone.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      show(-depth);
      this.#pictures([...event.dataTransfer.files]);
    });
  }

  #typed() {
    clearTimeout(this.#typingTimer);
    if (!this.text.value) return this.#stopTyping();
    this.#typingTimer = setTimeout(() => this.#stopTyping(), kTypingEvery * 2);
    const now = performance.now();
    if (this.#typingSince && now - this.#typingSince < kTypingEvery) return;
    this.#typingSince = now;
    this.session.typing(true);
  }

  #stopTyping() {
    clearTimeout(this.#typingTimer);
    if (!this.#typingSince) return;
    this.#typingSince = 0;
    this.session.typing(false);
  }

  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 160)}px`;
  }
}
