/** New versions on the stand-in hub of models that are here: a new description, new data, another model. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytes } from '../../e2e/hub/content.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import { parseHeader } from '../gguf/header.ts';
import { createHub } from '../hub/client.ts';
import { readModel } from '../hub/files.ts';
import type { Library } from './index.ts';
import { readMeta, writeMeta } from './meta.ts';
import { createRenewals, type Renewals } from './renewal.ts';
import { createRoom, type Room, sha256Of, sizeOf, tiny } from './testing.ts';

const repo = 'ada/tiny-GGUF';
const name = 'tiny-Q4_K_M.gguf';
const id = `${repo}/${name}`;
const never = new AbortController().signal;

let room: Room;
let library: Library;
let standIn: StandIn;
let renewals: Renewals;
let file: string;

/** The tiny model with a longer name in its header: 32 bytes more, so that the data stays aligned. */
function described(): Buffer {
  const old = readFileSync(tiny.q4);
  const header = parseHeader(old, name);
  if ('needs' in header) throw new Error('the header is not whole');
  const entry = header.entries.find(({ key }) => key === 'general.name')!;
  const length = entry.start + 8 + 'general.name'.length + 4;
  const made = Buffer.concat([old.subarray(0, entry.end), Buffer.from(' with a description of 32 bytes.'), old.subarray(entry.end)]);
  made.writeBigUInt64LE(old.readBigUInt64LE(length) + 32n, length);
  return made;
}

async function upload(content: Buffer): Promise<void> {
  standIn = await startHub({ repositories: [{ repo, card: { license: 'mit' }, files: { [name]: bytes(content) } }] as never });
  const hub = createHub({ endpoint: standIn.endpoint, redirectHosts: standIn.redirectHosts, token: undefined });
  renewals = createRenewals({ hub, folders: room, library, model: (of, signal) => readModel(hub, of, signal) });
}

beforeEach(async () => {
  room = createRoom();
  file = room.put(tiny.q4, 'models', id);
  await writeMeta(file, { repo, commit: 'c'.repeat(40), path: name, size: sizeOf(file), sha256: sha256Of(file), verifiedAt: new Date().toISOString() });
  library = room.open();
  await library.refresh();
});
afterEach(async () => {
  await standIn.close();
  await library.refresh();
  room.clear();
});

test('a new description costs its header only; the result is what the hub names', async () => {
  const wanted = described();
  await upload(wanted);
  const header = await renewals.look(id, never);
  expect(header).toBeGreaterThan(1000);
  expect(header).toBeLessThan(sizeOf(file) / 2);
  await renewals.renew(id);
  expect(readFileSync(file).equals(wanted)).toBe(true);
  expect(await readMeta(file)).toMatchObject({ sha256: sha256Of(file), commit: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(library.list()).toMatchObject([{ name: 'Tiny Qwen3.5 VL with a description of 32 bytes.', verified: true }]);
  expect(await renewals.look(id, never)).toBeUndefined();
});

test('undone it is what it was, byte for byte, and can be renewed again', async () => {
  await upload(described());
  const meta = await readMeta(file);
  await expect(renewals.undo(id)).rejects.toMatchObject({ code: 'library.notFound' });
  await renewals.renew(id);
  expect(sha256Of(file)).not.toBe(sha256Of(tiny.q4));
  await renewals.undo(id);
  expect(readFileSync(file).equals(readFileSync(tiny.q4))).toBe(true);
  expect(await readMeta(file)).toEqual({ ...meta, verifiedAt: expect.any(String) });
  expect(library.list()).toMatchObject([{ name: 'Tiny Qwen3.5 VL', verified: true }]);
  expect(await renewals.look(id, never)).toBeGreaterThan(1000);
});

test('what took the place of a renewed model meanwhile is not touched by an undo', async () => {
  await upload(described());
  await renewals.renew(id);
  room.put(tiny.q8, 'models', id);
  await library.refresh();
  await expect(renewals.undo(id)).rejects.toMatchObject({ code: 'library.dataChanged' });
  expect(readFileSync(file).equals(readFileSync(tiny.q8))).toBe(true);
});

test('asked for twice it is done once', async () => {
  const wanted = described();
  await upload(wanted);
  await Promise.all([renewals.renew(id), renewals.renew(id)]);
  expect(readFileSync(file).equals(wanted)).toBe(true);
  expect(await readMeta(file)).toMatchObject({ sha256: sha256Of(file) });
});

test('the same tensors with other data are not taken for the same, and nothing is replaced', async () => {
  const other = described();
  other[other.length - 1] = other.at(-1)! ^ 1;
  await upload(other);
  expect(await renewals.look(id, never)).toBeGreaterThan(1000);
  await expect(renewals.renew(id)).rejects.toMatchObject({ code: 'library.dataChanged' });
  expect(readFileSync(file).equals(readFileSync(tiny.q4))).toBe(true);
  expect(await readMeta(file)).toMatchObject({ sha256: sha256Of(tiny.q4) });
  await library.refresh();
  expect(library.list()).toHaveLength(1);
});

test.each([
  ['what the hub has already', tiny.q4],
  ['another quantization under its name', tiny.q8],
])('%s is nothing to renew', async (_, now) => {
  await upload(readFileSync(now));
  expect(await renewals.look(id, never)).toBeUndefined();
  await expect(renewals.renew(id)).rejects.toMatchObject({ code: 'library.dataChanged' });
});

test('a file from elsewhere has nothing on the hub', async () => {
  await upload(described());
  room.put(tiny.q8, 'models/mine/own/own-Q8_0.gguf');
  await library.refresh();
  expect(await renewals.look('mine/own/own-Q8_0.gguf', never)).toBeUndefined();
});
