// Makes a picture small enough to send.

export const kTypes = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const kBytes = 300_000;
const kSide = 1600;  // px

// Resolves to {type, name, data}; rejects with a text for people.
export async function prepare(file) {
  if (!kTypes.includes(file.type)) throw new Error("PNG, JPEG, WebP or GIF, please.");
  // Redrawing would stop an animation.
  if (file.type === "image/gif" && file.size < kBytes) return pack(file, file.name);
  // Everything else is redrawn even when it is small: that leaves out what cameras write into a
  // file, such as the place.
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error("This picture cannot be read.");
  }
  try {
    return pack(await shrink(bitmap), file.name);
  } finally {
    bitmap.close();
  }
}

async function shrink(bitmap) {
  let scale = Math.min(1, kSide / Math.max(bitmap.width, bitmap.height));
  for (let attempt = 0; attempt < 12; attempt++, scale *= 0.75) {
    const canvas = draw(bitmap, scale);
    for (const quality of [0.86, 0.7]) {
      const blob = await encode(canvas, quality);
      if (blob.size < kBytes) return blob;
    }
  }
  throw new Error("This picture does not get small enough.");
}

function draw(bitmap, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// A browser that cannot write WebP answers with PNG: correct, only larger.
function encode(canvas, quality) {
  return new Promise((resolve, reject) => {
    const done = (blob) => (blob ? resolve(blob) : reject(new Error("This picture is too large.")));
    canvas.toBlob(done, "image/webp", quality);
  });
}

async function pack(blob, name) {
  return { type: blob.type, name: name.slice(0, 200) || "picture", data: await blob.arrayBuffer() };
}
