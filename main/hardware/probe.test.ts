/** This machine as the engine sees it, without a GPU and with drivers that do and do not tell. */
import os from 'node:os';
import path from 'node:path';
import { getLlama } from 'node-llama-cpp';
import { expect, test } from 'vitest';
import { hardware } from '../../shared/schemas/hardware.ts';
import { availableOf, freeVram, readHardware } from './probe.ts';

test('reads this machine without a GPU', async () => {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false });
  const read = await readHardware(llama, path.join(os.tmpdir(), 'atelier', 'not', 'there', 'yet'));
  await llama.dispose();
  expect(hardware.parse(read)).toEqual(read);
  expect(read).toMatchObject({ backend: 'cpu', gpus: [], vram: { total: 0, free: 0, unified: false }, cpu: { threads: os.availableParallelism() } });
  expect(read.llamaCpp).toMatch(/^[bv]\d/);
  expect(read.cpu.name).not.toBe('');
  expect(read.ram.free).toBeGreaterThan(0);
  expect(read.ram.free).toBeLessThanOrEqual(read.ram.total);
  expect(read.disk.free).toBeGreaterThan(0);
  expect(read.disk.free).toBeLessThanOrEqual(read.disk.total);
});

test('a disk that cannot be looked at is an error, not a parent that can', async () => {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false });
  await expect(readHardware(llama, '/\0')).rejects.toThrow();
  await llama.dispose();
});

test('a Vulkan driver that says everything is free does not tell', () => {
  const all = { total: 8, used: 0, free: 8 };
  expect(freeVram('vulkan', all)).toBeNull();
  expect(freeVram('cuda', all)).toBe(8);
  expect(freeVram('vulkan', { total: 8, used: 1, free: 7 })).toBe(7);
  expect(freeVram('vulkan', { total: 0, used: 0, free: 0 })).toBe(0);
});

test('what Linux has available is read from the kernel', () => {
  expect(availableOf('MemTotal:       100 kB\nMemFree:    10 kB\nMemAvailable:    40 kB\nBuffers: 1 kB\n')).toBe(40960);
  expect(availableOf('MemTotal: 100 kB\n')).toBeUndefined();
});
