/** Tells which image format bytes are in, by how they begin, whatever the file was called. */

export type ImageType = 'image/png' | 'image/jpeg' | 'image/webp' | 'image/gif' | 'image/bmp';

/** How many of the first bytes `imageType` looks at. */
export const magicLength = 18;

/** Sizes of the second header of a bitmap: OS/2 1 and 2, Windows 3 to 5 (https://en.wikipedia.org/wiki/BMP_file_format). */
const bitmapHeaders = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

/** The content type of an image that begins with `bytes`; undefined for everything else. */
export function imageType(bytes: Uint8Array): ImageType | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, magicLength));
  const at = (start: number, end: number): string => view.toString('latin1', start, end);
  if (at(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (at(0, 3) === '\xff\xd8\xff') return 'image/jpeg';
  if (at(0, 4) === 'RIFF' && at(8, 12) === 'WEBP') return 'image/webp';
  if (at(0, 6) === 'GIF87a' || at(0, 6) === 'GIF89a') return 'image/gif';
  if (at(0, 2) === 'BM' && view.length === magicLength && bitmapHeaders.has(view.readUInt32LE(14))) return 'image/bmp';
  return undefined;
}
