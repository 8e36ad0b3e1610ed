// A PNG of noise: too large to be sent as it is, and no compression makes it small.

import { createHash } from "node:crypto";
import zlib from "node:zlib";

export function noisePng(width, height) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  let block = Buffer.from("naru");
  for (let offset = 0; offset < rows.length; offset += block.length) {
    block = createHash("sha512").update(block).digest();
    block.copy(rows, offset);
  }
  for (let row = 0; row < height; row++) rows[row * (1 + width * 3)] = 0;  // no filter
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);  // 8 bits, RGB
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", zlib.deflateSync(rows, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

// zlib.crc32 came with node 20.15.
function crc32(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes);
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
