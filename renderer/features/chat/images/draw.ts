/** Decodes a picture and draws the opaque one that the model sees. */
import { type Size, sentSize } from './fit.ts';

export interface Drawn {
  /** Pixels of the original, upright. */
  original: Size;
  sent: Size;
  /** PNG or JPEG. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** From this many pixels a photograph is sent as JPEG: as PNG it would weigh ten times as much and look the same. */
const largePhoto = 500_000;

/**
 * The first frame of a picture, upright, over white, no larger than the model can use.
 * A lossy original (`photo`) may come out as JPEG, everything else as PNG. Rejects when the browser cannot decode it.
 */
export async function draw(picture: Blob, photo: boolean): Promise<Drawn> {
  const bitmap = await createImageBitmap(picture, { imageOrientation: 'from-image' });
  try {
    const original = { width: bitmap.width, height: bitmap.height };
    const sent = sentSize(original);
    const canvas = new OffscreenCanvas(sent.width, sent.height);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('This browser has no 2D canvas');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, sent.width, sent.height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, sent.width, sent.height);
    const type = photo && sent.width * sent.height >= largePhoto ? 'image/jpeg' : 'image/png';
    const encoded = await canvas.convertToBlob({ type, quality: 0.95 });
    return { original, sent, bytes: new Uint8Array(await encoded.arrayBuffer()) };
  } finally {
    bitmap.close();
  }
}
