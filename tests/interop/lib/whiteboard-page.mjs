// The whiteboard as a person uses it.

export class WhiteboardPage {
  static async enter(browser, server, { name, board, transport, ...view }) {
    const query = new URLSearchParams({ name, board, ...(transport && { transport }) });
    const page = new WhiteboardPage();
    page.page = await browser.open(`${server.url}/whiteboard/?${query}`, view);
    await page.connected();
    return page;
  }

  connected() {
    return this.state("online");
  }

  state(name) {
    return this.page.until(
      name,
      (wanted) => document.querySelector("[data-testid=connection]").dataset.state === wanted,
      name,
    );
  }

  // By mouse, through these places, given as parts of the board's width and height.
  async draw(...places) {
    const at = await this.#places(places);
    const { mouse } = this.page.raw;
    await mouse.move(...at[0]);
    await mouse.down();
    for (const place of at.slice(1)) await mouse.move(...place, { steps: 6 });
    await mouse.up();
  }

  async press(place) {
    const [at] = await this.#places([place]);
    await this.page.raw.mouse.move(...at);
    await this.page.raw.mouse.down();
  }

  async moveTo(place) {
    const [at] = await this.#places([place]);
    await this.page.raw.mouse.move(...at, { steps: 4 });
  }

  release() {
    return this.page.raw.mouse.up();
  }

  async #places(places) {
    const box = await this.page.run(() => {
      const { left, top, width, height } = document.querySelector("[data-testid=canvas]").getBoundingClientRect();
      return { left, top, width, height };
    });
    return places.map(([x, y]) => [box.left + x * box.width, box.top + y * box.height]);
  }

  // The strokes that the server has confirmed, and the hash of all.
  model() {
    return this.page.run(() => ({
      strokes: globalThis.whiteboard.strokes.map(({ order, colour, width, points }) => ({
        order, colour, width, points: points.length / 3,
      })),
      waits: globalThis.whiteboard.unconfirmed().length,
      hash: globalThis.whiteboard.hash(),
    }));
  }

  // Until there are so many strokes and the server has all of them.
  strokes(count) {
    return this.page.until(
      `${count} strokes, all confirmed`,
      (wanted) => {
        const board = globalThis.whiteboard;
        return board.strokes.length === wanted && board.unconfirmed().length === 0 && board.hash();
      },
      count,
    );
  }

  // Whether something is painted near a place.
  painted([x, y]) {
    return this.page.run(
      ([left, top]) => {
        const canvas = document.querySelector("[data-testid=canvas]");
        const r = Math.round(5 * devicePixelRatio);
        const data = canvas
          .getContext("2d")
          .getImageData(left * canvas.width - r, top * canvas.height - r, 2 * r, 2 * r).data;
        return data.some((value, index) => index % 4 === 3 && value > 0);
      },
      [x, y],
    );
  }

  close() {
    return this.page.close();
  }
}

// Until all these pages show the same strokes; returns their hash.
export async function agree(...pages) {
  const hash = (await pages[0].model()).hash;
  for (const page of pages.slice(1)) {
    await page.page.until(`the picture ${hash}`, (wanted) => globalThis.whiteboard.hash() === wanted, hash);
  }
  return hash;
}
