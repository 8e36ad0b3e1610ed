// Shows the state of the connection: a boat that goes to and fro for polling, a bridge for
// WebSocket, and the bridge being built when one becomes the other.

const kUpgradeShown = 6000;  // ms
const kExplain = {
  polling: "a boat goes to and fro",
  websocket: "a bridge stays open",
  none: "",
};

export class LinkView {
  #builtTimer;

  constructor(session, { panel, connection, transport, small, rtt, upgraded, explain, modes }) {
    Object.assign(this, { session, panel, connection, transport, small, rtt, upgraded, explain });
    for (const radio of modes) {
      radio.checked = radio.value === session.mode;
      radio.addEventListener("change", () => {
        session.setMode(radio.value);
        this.#showState("");
      });
    }
    session.addEventListener("state", ({ detail }) => this.#showState(detail));
    session.addEventListener("transport", ({ detail }) => this.#showTransport(detail.upgraded));
    session.addEventListener("rtt", () => this.#showRtt());
  }

  #showState(error) {
    const { link, next } = this.session;
    this.panel.dataset.state = link.state;
    this.connection.dataset.state = link.inRoom ? "online" : link.state === "online" ? "joining" : link.state;
    setText(this.connection, describe(link, next));
    this.connection.title = error || "";
    this.#showTransport(false);
    this.#showRtt();
  }

  #showTransport(upgraded) {
    const name = this.session.link.transport ?? "none";
    const label = { polling: "polling", websocket: "WebSocket", none: "no transport" }[name] ?? name;
    for (const pill of [this.transport, this.small]) {
      pill.dataset.transport = name;
      setText(pill, label);
    }
    this.panel.dataset.transport = name;
    setText(this.explain, kExplain[name] ?? "");
    if (upgraded) this.#celebrate();
    else if (name !== "websocket") this.#endCelebration();
  }

  #celebrate() {
    clearTimeout(this.#builtTimer);
    this.upgraded.hidden = false;
    this.explain.hidden = true;
    this.panel.classList.add("built");
    this.#builtTimer = setTimeout(() => this.#endCelebration(), kUpgradeShown);
  }

  #endCelebration() {
    clearTimeout(this.#builtTimer);
    this.upgraded.hidden = true;
    this.explain.hidden = false;
    this.panel.classList.remove("built");
  }

  #showRtt() {
    const { rtt } = this.session.link;
    setText(this.rtt, rtt === null ? "" : rtt < 1 ? "< 1 ms" : `${Math.round(rtt)} ms`);
  }
}

function describe(link, next) {
  if (next) return "Changing the transport…";
  switch (link.state) {
    case "online":
      return link.inRoom ? "Connected" : "Entering the room…";
    case "reconnecting":
      return link.attempt > 1 ? `Reconnecting, attempt ${link.attempt}…` : "Reconnecting…";
    case "refused":
      return "Refused";
    default:
      return "Connecting…";
  }
}

// A screen reader repeats a status that is written again: write only what changed.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
