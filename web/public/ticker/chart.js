// A line per symbol, of the lists that one technique has brought, by the time they were made:
// relative to each symbol's first price in sight, so that all share one scale.

export const kSymbols = ["BOAT", "OAR", "REED", "TIDE"];
const kSvg = "http://www.w3.org/2000/svg";
const kSpan = 20_000;  // ms
const kWidth = 300;
const kHeight = 90;
const kMargin = 6;

export class Chart {
  #lists = [];  // {at, prices}, oldest first

  constructor() {
    this.node = document.createElementNS(kSvg, "svg");
    this.node.setAttribute("class", "chart");
    this.node.setAttribute("viewBox", `0 0 ${kWidth} ${kHeight}`);
    this.node.setAttribute("preserveAspectRatio", "none");
    this.node.setAttribute("aria-hidden", "true");
    this.lines = kSymbols.map((_, index) => {
      const line = document.createElementNS(kSvg, "polyline");
      line.setAttribute("class", `line line-${index}`);
      this.node.append(line);
      return line;
    });
  }

  add(list) {
    this.#lists.push(list);
  }

  draw(now) {
    while (this.#lists.length > 0 && this.#lists[0].at < now - kSpan) this.#lists.shift();
    const changes = kSymbols.map((symbol) => {
      const first = this.#lists[0]?.prices[symbol];
      return this.#lists.map(({ prices }) => prices[symbol] / first - 1);
    });
    const reach = Math.max(0.01, ...changes.flat().map(Math.abs));
    this.lines.forEach((line, index) => {
      const points = this.#lists.map(({ at }, i) => {
        const x = kWidth - ((now - at) / kSpan) * kWidth;
        const y = kHeight / 2 - (changes[index][i] / reach) * (kHeight / 2 - kMargin);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      });
      line.setAttribute("points", points.join(" "));
    });
  }
}
