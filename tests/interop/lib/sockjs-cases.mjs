// What sockjs-client does over one transport, in Node and in pages alike.

// Stands alone: browser tests hand its text to a page.
export function sockjsCases(SockJS, base, transport) {
  // `talk` gets the socket and a promise for each message to come.
  function connect(service, talk, query = "") {
    return new Promise((resolve, reject) => {
      const socket = new SockJS(`${base}${service}${query}`, null, { transports: [transport], timeout: 5000 });
      const heard = [];
      const waiting = [];
      const closed = new Promise((done) => {
        socket.onclose = ({ code, reason, wasClean }) => {
          done({ code, reason, wasClean });
          if (waiting.length > 0) reject(new Error(`closed: ${code} ${reason}`));
        };
      });
      socket.onmessage = ({ data }) => (waiting.length > 0 ? waiting.shift()(data) : heard.push(data));
      const hear = () => (heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((got) => waiting.push(got)));
      socket.onopen = () => {
        if (socket.transport !== transport) return reject(new Error(`carried by ${socket.transport}`));
        Promise.resolve(talk(socket, hear, closed)).then(resolve, reject);
      };
      setTimeout(() => reject(new Error(`${service} over ${transport}: not within 20 s`)), 20_000);
    });
  }
  // Sends all at once, and hears them in order.
  function echo(messages, query) {
    return connect("/echo", async (socket, hear) => {
      for (const message of messages) socket.send(message);
      const back = [];
      for (let i = 0; i < messages.length; i += 1) back.push(await hear());
      socket.close();
      return back;
    }, query);
  }
  function range(from, to) {
    return Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));
  }

  return {
    "echoes what it is sent": () => {
      const sent = ["hello", "", "[1,2]", JSON.stringify({ a: [null, "\"'"] }), "나루", "a".repeat(3000)];
      return { sent, got: echo(sent) };
    },
    "carries every character, halves of pairs apart": () => {
      const sent = [
        range(0, 0xff).join(""),
        ...range(0, 0xff).filter((c) => c < " " || c > "~"),
        range(0x100, 0xd7ff).join(""),
        range(0xe000, 0xffff).join(""),
        "\u{1f600}\u{10000}\u{10ffff}",
        "\u200c\u200f\u2028\u2029\u202f\u2060\u206f\ufff0\uffff</script><!--",
      ];
      return { sent, got: echo(sent) };
    },
    "sends many at once": () => {
      const sent = Array.from({ length: 300 }, (_, i) => `message ${i}`);
      return { sent, got: echo(sent) };
    },
    "goes back and forth": () => ({
      sent: 30,
      got: connect("/echo", async (socket, hear) => {
        for (let i = 1; i <= 30; i += 1) {
          const message = String(i).repeat(200);
          socket.send(message);
          if ((await hear()) !== message) return i;
        }
        socket.close();
        return 30;
      }),
    }),
    "receives far more than one answer holds": () => ({
      sent: [1, 2, 4, 8, 13, 15, 15].map((n) => 2 ** n),
      got: connect("/amplify", async (socket, hear) => {
        const sizes = [];
        for (const n of [1, 2, 4, 8, 13, 15, 15]) {
          socket.send(String(n));
          sizes.push((await hear()).length);
        }
        socket.close();
        return sizes;
      }),
    }),
    "keeps the query of its URL": () => ({ sent: ["x"], got: echo(["x"], "?testqs=1") }),
    "closes": () => ({
      sent: { code: 3001, reason: "User message", wasClean: true },
      got: connect("/echo", (socket, hear, closed) => {
        socket.close(3001, "User message");
        return closed;
      }),
    }),
    "hears why it was closed": () => ({
      sent: { code: 3000, reason: "Go away!", wasClean: true },
      got: connect("/close", (socket, hear, closed) => closed),
    }),
  };
}
