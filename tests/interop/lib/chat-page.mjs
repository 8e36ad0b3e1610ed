// The chat as a person uses it.

export class ChatPage {
  static async enter(browser, server, { name, room, transport, ...view }) {
    const query = new URLSearchParams({ name, room, ...(transport && { transport }) });
    const chat = new ChatPage();
    chat.page = await browser.open(`${server.url}/chat/?${query}`, view);
    await chat.connected();
    return chat;
  }

  async connected() {
    await this.page.until(
      "connected",
      () => document.querySelector("[data-testid=connection]").dataset.state === "online",
    );
  }

  carriedBy(transport) {
    return this.page.until(
      `carried by ${transport}`,
      (name) => document.querySelector("[data-testid=transport]").dataset.transport === name,
      transport,
    );
  }

  // By keyboard, as a person would.
  async say(text) {
    await this.page.type("text", text);
    await this.page.press("Enter");
  }

  // Many at once, through the same form.
  sayAll(texts) {
    return this.page.run((list) => {
      for (const text of list) {
        document.getElementById("text").value = text;
        document.getElementById("composer").requestSubmit();
      }
    }, texts);
  }

  // [{text, mine, state, id}], in the order shown.
  messages() {
    return this.page.run(() =>
      [...document.querySelectorAll("[data-testid=message]")].map((item) => ({
        text: item.querySelector("[data-testid=message-text]")?.textContent,
        mine: item.classList.contains("mine"),
        state: item.dataset.state,
        id: item.dataset.id,
      })),
    );
  }

  // The texts of one side that begin with `prefix`.
  async texts(prefix, mine) {
    return (await this.messages())
      .filter((message) => message.mine === mine && message.text?.startsWith(prefix))
      .map(({ text }) => text);
  }

  shows(text) {
    return this.page.until(
      `"${text}" shown`,
      (wanted) =>
        [...document.querySelectorAll("[data-testid=message-text]")].some((node) => node.textContent === wanted),
      text,
    );
  }

  // All own messages have reached `state`.
  allOwn(state) {
    return this.page.until(
      `all own messages ${state}`,
      (wanted) => {
        const own = [...document.querySelectorAll("[data-testid=message].mine")];
        return own.length > 0 && own.every((item) => item.dataset.state === wanted);
      },
      state,
    );
  }

  // The server has every message written here.
  noneWaits() {
    return this.page.until(
      "no message waits",
      () => !document.querySelector("[data-testid=message]:is([data-state=pending], [data-state=failed])"),
    );
  }

  members(names) {
    return this.page.until(
      `members ${names}`,
      (wanted) => {
        const shown = [...document.querySelectorAll("[data-testid=member] .name")].map((node) => node.textContent);
        return shown.sort().join() === wanted;
      },
      [...names].sort().join(),
    );
  }

  // The pictures shown, once `count` of them are decoded: [{width, height}].
  pictures(count) {
    return this.page.until(
      `${count} pictures`,
      (wanted) => {
        const images = [...document.querySelectorAll("[data-testid=message-image]")];
        if (images.length !== wanted || !images.every((image) => image.complete && image.naturalWidth)) return null;
        return images.map((image) => ({ width: image.naturalWidth, height: image.naturalHeight }));
      },
      count,
    );
  }

  close() {
    return this.page.close();
  }
}
