// What arrived in the last seconds. Knows nothing of the page or of any connection.

const kWindow = 5000;  // ms

export class Stats {
  total = 0;
  #began = null;
  #samples = [];  // {at, bytes, latency}, oldest first

  add(at, bytes, latency) {
    this.#began ??= at;
    this.total++;
    this.#samples.push({ at, bytes, latency });
    this.#forget(at);
  }

  // {perSecond, bytes, latency}; null where nothing can be said.
  summary(now) {
    this.#forget(now);
    const count = this.#samples.length;
    if (count === 0) return { perSecond: 0, bytes: null, latency: null };
    const span = Math.min(kWindow, Math.max(now - this.#began, 1000));
    const latencies = this.#samples.map(({ latency }) => latency).filter((each) => each !== null);
    return {
      perSecond: (count * 1000) / span,
      bytes: this.#samples.reduce((sum, { bytes }) => sum + bytes, 0) / count,
      latency: median(latencies),
    };
  }

  #forget(now) {
    while (this.#samples.length > 0 && this.#samples[0].at <= now - kWindow) this.#samples.shift();
  }
}

function median(values) {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
