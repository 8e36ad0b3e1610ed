// How the server's clock differs from ours: of several questions the one that was answered fastest
// tells it best.

const kAskEvery = 1000;  // ms
const kQuestions = 8;

export class Clock {
  #difference = null;
  #best = Infinity;
  #asked = 0;

  // ms since 1970 by the server's clock; null before it has told.
  now() {
    return this.#difference === null ? null : wallClock() + this.#difference;
  }

  // `socket` is Socket.IO's, of the namespace /ticker.
  learnFrom(socket) {
    const sent = wallClock();
    socket.timeout(5000).emit("clock", (error, told) => {
      const took = wallClock() - sent;
      if (!error && took < this.#best) {
        this.#best = took;
        this.#difference = told + 0.5 - (sent + took / 2);  // it tells whole milliseconds
      }
      if (++this.#asked < kQuestions) setTimeout(() => socket.connected && this.learnFrom(socket), kAskEvery);
    });
  }
}

// Finer than Date.now(), and steady.
function wallClock() {
  return performance.timeOrigin + performance.now();
}
