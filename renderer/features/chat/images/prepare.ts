/** Makes the picture part of a message from a file that a person dropped, pasted or picked. */
import { blobLimit } from '../../../../shared/contract/core.ts';
import type { AppError, Result } from '../../../../shared/result.ts';
import type { ImagePart } from '../../../../shared/schemas/chat.ts';
import { readHeader } from './dimensions.ts';
import type { draw as drawPicture } from './draw.ts';

/** Pixels; what is larger is not decoded at all: 100 megapixels already take 400 MB while they are drawn. */
export const pixelLimit = 100_000_000;

export type PictureNote = 'scaled' | 'firstFrame';

/** Why a file cannot be sent; every kind has its sentence in `chat.json`. */
export type PictureProblem =
  | { kind: 'notImage' | 'tooLarge' | 'tooManyPixels' | 'broken'; name: string }
  | { kind: 'notStored'; name: string; error: AppError };

export type Prepared = { ok: true; part: ImagePart; notes: PictureNote[] } | { ok: false; problem: PictureProblem };

export interface PrepareTools {
  draw: typeof drawPicture;
  /** Stores bytes, answers their sha256. */
  put: (bytes: Uint8Array<ArrayBuffer>) => Promise<Result<{ sha256: string }>>;
}

/** Checks, draws and stores a picture: the original as it is, and the opaque one the model sees. Never rejects. */
export async function prepare(file: File, { draw, put }: PrepareTools): Promise<Prepared> {
  const name = file.name;
  const refuse = (kind: 'notImage' | 'tooLarge' | 'tooManyPixels' | 'broken'): Prepared => ({ ok: false, problem: { kind, name } });
  if (file.size > blobLimit) return refuse('tooLarge');
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    return refuse('broken');
  }
  const header = readHeader(bytes);
  if (!header) return refuse('notImage');
  if (header.width * header.height > pixelLimit) return refuse('tooManyPixels');

  let drawn: Awaited<ReturnType<typeof draw>>;
  try {
    drawn = await draw(new Blob([bytes], { type: `image/${header.format}` }), header.format === 'jpeg');
  } catch {
    return refuse('broken');
  }
  const [original, sent] = await Promise.all([put(bytes), put(drawn.bytes)]);
  if (!original.ok) return { ok: false, problem: { kind: 'notStored', name, error: original.error } };
  if (!sent.ok) return { ok: false, problem: { kind: 'notStored', name, error: sent.error } };

  const notes: PictureNote[] = [];
  if (drawn.sent.width !== drawn.original.width || drawn.sent.height !== drawn.original.height) notes.push('scaled');
  if (header.animated) notes.push('firstFrame');
  const part: ImagePart = {
    type: 'image',
    original: original.value.sha256,
    sent: sent.value.sha256,
    name,
    width: drawn.original.width,
    height: drawn.original.height,
    sentWidth: drawn.sent.width,
    sentHeight: drawn.sent.height,
  };
  return { ok: true, part, notes };
}
