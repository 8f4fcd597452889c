/** Reads what a picture is and how large from its first bytes, before anything is decoded. */

type PictureFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp';

export interface PictureHeader {
  format: PictureFormat;
  /** Pixels as shown: an EXIF orientation that lies on its side is already turned. */
  width: number;
  height: number;
  /** EXIF orientation, 1 to 8; 1 is upright. */
  orientation: number;
  /** More than one frame. */
  animated: boolean;
}

/**
 * The header of a PNG, JPEG, GIF, WebP or BMP file; undefined when the bytes are none of these or stop before their size is told.
 * Sources: PNG (W3C) 5.2 and 11.2, ITU-T T.81 B.2, GIF89a 18 to 20, RFC 9649 2.5 to 2.7, BITMAPINFOHEADER, Exif 2.3 4.6.
 */
export function readHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return readPng(view) ?? readJpeg(view) ?? readGif(view) ?? readWebp(view) ?? readBmp(view);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function header(format: PictureFormat, width: number, height: number, animated: boolean, orientation = 1): PictureHeader | undefined {
  if (width < 1 || height < 1) return undefined;
  return orientation >= 5 ? { format, width: height, height: width, orientation, animated } : { format, width, height, orientation, animated };
}

function ascii(view: DataView, at: number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(view.getUint8(at + i));
  return text;
}

function readPng(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 24 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a || ascii(view, 12, 4) !== 'IHDR') return undefined;
  let animated = false;
  let orientation = 1;
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const type = ascii(view, at + 4, 4);
    if (type === 'IDAT') break;
    if (type === 'acTL') animated = view.getUint32(at + 8) > 1;
    if (type === 'eXIf') orientation = exifOrientation(view, at + 8, view.getUint32(at));
  }
  return header('png', view.getUint32(16), view.getUint32(20), animated, orientation);
}

function readJpeg(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8 || view.getUint8(2) !== 0xff) return undefined;
  let orientation = 1;
  for (let at = 2; ; ) {
    while (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xff) at++; // fill bytes
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) return undefined;
    const length = view.getUint16(at + 2);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return header('jpeg', view.getUint16(at + 7), view.getUint16(at + 5), false, orientation);
    if (marker === 0xe1 && length >= 8 && ascii(view, at + 4, 6) === 'Exif\0\0') orientation = exifOrientation(view, at + 10, length - 8);
    at += 2 + length;
  }
}

/** Tag 0x0112 of the first directory of the TIFF structure at `start`; 1 where it is absent or nonsense. */
function exifOrientation(view: DataView, start: number, length: number): number {
  if (length < 8 || start + length > view.byteLength) return 1;
  const tiff = new DataView(view.buffer, view.byteOffset + start, length);
  const order = tiff.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > length) return 1;
  const entries = tiff.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > length) return 1;
    if (tiff.getUint16(at, little) !== 0x0112) continue;
    const value = tiff.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

function readGif(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 13 || !['GIF87a', 'GIF89a'].includes(ascii(view, 0, 6))) return undefined;
  return header('gif', view.getUint16(6, true), view.getUint16(8, true), gifFrames(view) > 1);
}

/** Frames in a GIF, counted no further than two. */
function gifFrames(view: DataView): number {
  const colours = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + colours(view.getUint8(10));
  const skipBlocks = (): void => {
    while (at < view.byteLength && view.getUint8(at) !== 0) at += 1 + view.getUint8(at);
    at++;
  };
  let frames = 0;
  while (at < view.byteLength && frames < 2) {
    const kind = view.getUint8(at);
    if (kind === 0x21) {
      at += 2;
      skipBlocks();
    } else if (kind === 0x2c && at + 10 <= view.byteLength) {
      frames++;
      at += 11 + colours(view.getUint8(at + 9));
      skipBlocks();
    } else break;
  }
  return frames;
}

function readWebp(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 30 || ascii(view, 0, 4) !== 'RIFF' || ascii(view, 8, 4) !== 'WEBP') return undefined;
  const chunk = ascii(view, 12, 4);
  if (chunk === 'VP8 ') return header('webp', view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff, false);
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return header('webp', (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1, false);
  }
  if (chunk !== 'VP8X') return undefined;
  const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
  return header('webp', uint24(24) + 1, uint24(27) + 1, (view.getUint8(20) & 0x02) !== 0, webpOrientation(view));
}

function webpOrientation(view: DataView): number {
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const length = view.getUint32(at + 4, true);
    if (ascii(view, at, 4) === 'EXIF') {
      const prefixed = length > 6 && at + 14 <= view.byteLength && ascii(view, at + 8, 6) === 'Exif\0\0';
      return prefixed ? exifOrientation(view, at + 14, length - 6) : exifOrientation(view, at + 8, length);
    }
    at += 8 + length + (length % 2);
  }
  return 1;
}

function readBmp(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 26 || ascii(view, 0, 2) !== 'BM') return undefined;
  const size = view.getUint32(14, true);
  if (size === 12) return header('bmp', view.getUint16(18, true), view.getUint16(20, true), false);
  if (size < 40 || size > 124) return undefined;
  return header('bmp', view.getInt32(18, true), Math.abs(view.getInt32(22, true)), false);
}
