/** Frames on a WebSocket: JSON text, or one binary message where the input carries bytes. */
import type { Frame } from './frames.ts';

/**
 * A frame as a WebSocket message. A call whose input is `{ bytes: Uint8Array, ... }` becomes binary:
 * the length of the JSON as u32 little-endian, the JSON without the bytes, then the bytes.
 */
export function encodeFrame(frame: Frame): string | Uint8Array<ArrayBuffer> {
  const input = frame.t === 'call' ? (frame.input as { bytes?: unknown } | null | undefined) : undefined;
  if (!(input?.bytes instanceof Uint8Array)) return JSON.stringify(frame);
  const { bytes, ...rest } = input;
  const head = new TextEncoder().encode(JSON.stringify({ ...frame, input: rest }));
  const message = new Uint8Array(4 + head.length + (bytes as Uint8Array).length);
  new DataView(message.buffer).setUint32(0, head.length, true);
  message.set(head, 4);
  message.set(bytes as Uint8Array, 4 + head.length);
  return message;
}

/** What `encodeFrame` made, not yet parsed; undefined for anything that is neither JSON nor such a binary message. */
export function decodeFrame(data: string | Uint8Array): unknown {
  try {
    if (typeof data === 'string') return JSON.parse(data);
    const length = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0, true);
    if (4 + length > data.length) return undefined;
    const frame = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
    return { ...frame, input: { ...frame.input, bytes: data.slice(4 + length) } };
  } catch {
    return undefined;
  }
}
