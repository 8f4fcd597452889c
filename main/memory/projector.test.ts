/** What a projector works in, held against what llama-server said of the same shapes. */
import { beforeAll, expect, test } from 'vitest';
import type { GgufHeader } from '../gguf/header.ts';
import { headerOf } from '../gguf/read.ts';
import { imageWork } from './projector.ts';
import { fixture } from './testing/allocations.ts';

let tiny: GgufHeader;
beforeAll(async () => {
  ({ header: tiny } = await headerOf(fixture('tiny-qwen3.5-vl/mmproj-tiny-qwen3.5-vl-F16.gguf'), { alone: true }));
});

const mib = 2 ** 20;
const cap = 1024;
const shaped = (width: number, wide: number): GgufHeader => ({
  ...tiny,
  metadata: new Map([...tiny.metadata, ['clip.vision.embedding_length', width], ['clip.vision.feed_forward_length', wide]]),
});

/**
 * MiB beside the weights of "estimated worst-case memory usage of mmproj", v0.5.0, patches of 16 pixels: the tiny projector's file written
 * anew with these widths, of two layers; the last ones of 27 too, which take the same.
 */
test.each([
  [256, 512, 53.86],
  [256, 2048, 91.05],
  [512, 1024, 107.58],
  [576, 1024, 127.21],
  [640, 1280, 138.58],
  [768, 3072, 161.31],
  [1024, 4096, 223.3],
  [1152, 4304, 248.1],
])('%i wide, %i in between: %f MiB on either side, and the picture in RAM for a GPU', (width, wide, measured) => {
  for (const onGpu of [true, false]) {
    const { compute, handed } = imageWork(shaped(width, wide), cap, onGpu);
    expect(Math.abs(compute / mib - measured)).toBeLessThan(0.02);
    expect(handed / mib).toBeCloseTo(onGpu ? 24.93 : 0, 2);
  }
});

test('of the tiny one the picture is most, and a GPU holds it twice', () => {
  expect(Math.abs(imageWork(tiny, cap, false).compute / mib - 41.46)).toBeLessThan(0.02);
  expect(Math.abs(imageWork(tiny, cap, true).compute / mib - 49.73)).toBeLessThan(0.02);
});
