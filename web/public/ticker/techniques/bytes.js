// What the server sends for a message, as far as a page can know it.

const encoder = new TextEncoder();

export function textBytes(text) {
  return encoder.encode(text).length;
}

// A WebSocket frame of the server's: RFC 6455, 5.2. Not masked, not compressed.
export function frameBytes(payload) {
  return payload + (payload < 126 ? 2 : payload < 65536 ? 4 : 10);
}

// The head of an answer by HTTP/1.1, from the headers that the page is shown.
export function headBytes(response) {
  let bytes = `HTTP/1.1 ${response.status} ${response.statusText}\r\n\r\n`.length;
  for (const [name, value] of response.headers) bytes += name.length + value.length + 4;
  return bytes;
}
