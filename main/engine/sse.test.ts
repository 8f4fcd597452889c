/** Reading server-sent events. */
import { expect, test } from 'vitest';
import { createSseReader } from './sse.ts';

const wire = new TextEncoder().encode(': ping\n\ndata: {"a":"é🙂"}\r\n\r\nevent: x\ndata:one\ndata: two\n\ndata: [DONE]\n\ndata: half');

test('the same events wherever the bytes are cut', () => {
  for (let cut = 0; cut <= wire.length; cut++) {
    const read = createSseReader();
    expect([...read(wire.subarray(0, cut)), ...read(wire.subarray(cut))]).toEqual(['{"a":"é🙂"}', 'one\ntwo', '[DONE]']);
  }
});
