// What the address bar, this browser and this tab remember.

export const kModes = ["auto", "polling", "websocket"];
export const kRooms = ["landing", "river", "market"];

export function readSettings() {
  const query = new URLSearchParams(location.search);
  const mode = query.get("transport");
  return {
    name: (query.get("name") ?? recall(localStorage, "name") ?? "").trim().slice(0, 32),
    // Only a name in the address enters at once: a remembered one is just filled in.
    direct: Boolean(query.get("name")?.trim()),
    room: (query.get("room") ?? kRooms[0]).trim().slice(0, 32) || kRooms[0],
    mode: kModes.includes(mode) ? mode : "auto",
  };
}

// Keeps the address true while rooms and transports change. The name stays in it only if it was
// there: whoever gets the link should come under a name of their own.
export function writeAddress({ room, mode }) {
  const url = new URL(location.href);
  url.searchParams.set("room", room);
  if (mode === "auto") url.searchParams.delete("transport");
  else url.searchParams.set("transport", mode);
  history.replaceState(null, "", url);
}

export function roomLink(room) {
  const url = new URL(location.pathname, location.origin);
  url.searchParams.set("room", room);
  return url.href;
}

export function rememberName(name) {
  keep(localStorage, "name", name);
}

// The ids this tab has had: after a reload its own messages still stand on its own side.
export function recallIds() {
  return new Set((recall(sessionStorage, "ids") ?? "").split(" ").filter(Boolean));
}

export function rememberIds(ids) {
  keep(sessionStorage, "ids", [...ids].slice(-50).join(" "));
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
