// The page: asks which techniques this server offers, and gives each its panel.

import { element } from "../shared/page.js";
import { Clock } from "./clock.js";
import { Panel } from "./panel.js";
import { kSymbols } from "./chart.js";
import { kTechniques } from "./techniques/all.js";

const at = (id) => document.getElementById(id);

at("symbols").append(
  ...kSymbols.map((symbol, index) => {
    const item = element("li", `symbol line-${index}`);
    const price = element("span", "price", "–");
    price.dataset.symbol = symbol;
    item.append(element("span", "swatch"), element("span", "name", symbol), price);
    return item;
  }),
);

const clock = new Clock();
let newest = 0;

function showPrices({ n, prices }) {
  if (n <= newest) return;
  newest = n;
  for (const price of at("symbols").querySelectorAll(".price")) {
    price.textContent = prices[price.dataset.symbol]?.toFixed(2) ?? "–";
  }
}

// In their order on the page, whichever answers first.
const offered = await Promise.all(kTechniques.map((technique) => technique.offered().catch(() => false)));
const panels = kTechniques
  .filter((_, index) => offered[index])
  .map((technique) => new Panel(technique, clock, showPrices));
at("panels").append(...panels.map(({ node }) => node));
for (const panel of panels) panel.start();
