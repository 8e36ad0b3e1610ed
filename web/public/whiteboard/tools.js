// The pens: eight colours and one that wipes, three widths.

const kColours = ["Ink", "Grey", "Red", "Orange", "Yellow", "Green", "Blue", "Violet", "Eraser"];
const kWidths = { Fine: 5, Medium: 11, Broad: 26 };  // of 4 board units each
const kEraser = 8;
const kEraserFactor = 2.4;
const kSvg = "http://www.w3.org/2000/svg";

export class Tools {
  #colour = 0;
  #width = kWidths.Medium;

  constructor({ colours, widths }) {
    kColours.forEach((name, index) => {
      const shape = index === kEraser ? eraser() : dot(10);
      shape.classList.add(`pen-${index}`);
      const chosen = () => (this.#colour = index);
      colours.append(choice("colour", name, shape, index === 0, chosen));
    });
    Object.entries(kWidths).forEach(([name, width], index) => {
      const chosen = () => (this.#width = width);
      widths.append(choice("width", name, dot(2.5 + 2.5 * index), width === this.#width, chosen));
    });
  }

  get chosen() {
    const wipes = this.#colour === kEraser;
    return { colour: this.#colour, width: wipes ? Math.round(this.#width * kEraserFactor) : this.#width };
  }
}

function choice(group, name, shape, checked, onChosen) {
  const label = document.createElement("label");
  label.className = "choice";
  label.title = name;
  const input = Object.assign(document.createElement("input"), { type: "radio", name: group, value: name, checked });
  input.setAttribute("aria-label", name);
  input.dataset.testid = `${group}-${name.toLowerCase()}`;
  input.addEventListener("change", onChosen);
  const svg = document.createElementNS(kSvg, "svg");
  svg.setAttribute("viewBox", "0 0 36 36");
  svg.setAttribute("aria-hidden", "true");
  svg.append(shape);
  label.append(input, svg);
  return label;
}

function dot(radius) {
  const circle = document.createElementNS(kSvg, "circle");
  for (const [name, value] of Object.entries({ cx: 18, cy: 18, r: radius })) circle.setAttribute(name, value);
  return circle;
}

function eraser() {
  const path = document.createElementNS(kSvg, "path");
  path.setAttribute("d", "M9 21.5L20 10.5l7 7L17.5 27H13.5zM14.5 16l7 7");
  return path;
}
