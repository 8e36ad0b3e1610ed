// Waiting for what a test expects, with a limit.

const kLimit = 5_000;  // ms

// The arguments of an emitter's next event `name`.
export function next(emitter, name, limit = kLimit) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      emitter.off(name, heard);
      reject(new Error(`no "${name}" within ${limit} ms`));
    }, limit);
    const heard = (...args) => {
      clearTimeout(timer);
      resolve(args);
    };
    emitter.once(name, heard);
  });
}

// Collects one event's first arguments; `count(n)` resolves to them once there are n.
export function collect(emitter, name, map = (value) => value) {
  const items = [];
  const waiting = [];
  emitter.on(name, (...args) => {
    items.push(map(...args));
    for (const { n, resolve, timer } of waiting) {
      if (items.length < n) continue;
      clearTimeout(timer);
      resolve(items);
    }
  });
  return {
    items,
    count(n, limit = 3 * kLimit) {
      if (items.length >= n) return Promise.resolve(items);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${items.length} of ${n} "${name}" within ${limit} ms`)),
          limit,
        );
        waiting.push({ n, resolve, timer });
      });
    },
  };
}

export const numbers = (n) => Array.from({ length: n }, (_, index) => index);
