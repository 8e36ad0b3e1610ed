// What the address bar, this browser and this tab remember.

const kModes = ["auto", "polling", "websocket"];

export function readSettings() {
  const query = new URLSearchParams(location.search);
  const mode = query.get("transport");
  return {
    name: (query.get("name") ?? recall(localStorage, "name") ?? "").trim().slice(0, 32),
    direct: Boolean(query.get("name")?.trim()),
    board: (query.get("board") ?? "landing").trim().slice(0, 32) || "landing",
    mode: kModes.includes(mode) ? mode : "auto",
    key: tabKey(),
  };
}

export function writeAddress({ board }) {
  const url = new URL(location.href);
  url.searchParams.set("board", board);
  history.replaceState(null, "", url);
}

export function boardLink(board) {
  const url = new URL(location.pathname, location.origin);
  url.searchParams.set("board", board);
  return url.href;
}

export function rememberName(name) {
  keep(localStorage, "name", name);
}

// Shows the server that we are whoever drew our strokes: after a reload they can still be undone.
function tabKey() {
  const known = recall(sessionStorage, "pen");
  if (known) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  keep(sessionStorage, "pen", key);
  return key;
}

// Storage may be forbidden (private windows, cookies off): then nothing is remembered.
function recall(storage, key) {
  try {
    return storage.getItem(`naru.${key}`);
  } catch {
    return null;
  }
}

function keep(storage, key, value) {
  try {
    storage.setItem(`naru.${key}`, value);
  } catch {
    // As above.
  }
}
