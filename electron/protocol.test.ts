import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveApp } from './protocol.ts';

const sha = 'a'.repeat(64);
let folder: string;
let answer: (request: Request) => Promise<Response>;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'atelier-protocol-'));
  const files = path.join(folder, 'renderer');
  fs.mkdirSync(path.join(files, 'assets'), { recursive: true });
  fs.writeFileSync(path.join(files, 'index.html'), '<!doctype html>hello');
  fs.writeFileSync(path.join(files, 'assets/app.js'), 'let a');
  fs.writeFileSync(path.join(files, 'assets/notes.txt'), 'not part of a page');
  fs.writeFileSync(path.join(folder, 'secret.html'), 'secret');
  fs.writeFileSync(path.join(folder, 'picture'), 'PNG');
  answer = serveApp({
    files,
    async find(wanted) {
      if (wanted !== sha) throw new Error('none');
      return { path: path.join(folder, 'picture'), type: 'image/png', size: 3 };
    },
  });
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

const get = (url: string, method = 'GET'): Promise<Response> => answer(new Request(url, { method }));

test('serves the page and its files with the policy', async () => {
  const page = await get('app://bundle/');
  expect(await page.text()).toBe('<!doctype html>hello');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await get('app://bundle/assets/app.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8');
});

test('serves a stored picture by its hash, and no other', async () => {
  const picture = await get(`app://bundle/blobs/${sha}`);
  expect(picture.headers.get('content-type')).toBe('image/png');
  expect(await picture.text()).toBe('PNG');
  expect((await get(`app://bundle/blobs/${'b'.repeat(64)}`)).status).toBe(404);
});

test.each([
  'app://bundle/..%2Fsecret.html',
  'app://bundle/%2e%2e/secret.html',
  'app://bundle/assets/..%2f..%2fsecret.html',
  'app://other/',
  'app://bundle/assets/notes.txt',
  'app://bundle/assets',
  'app://bundle/%00.html',
])('refuses %s', async (url) => expect((await get(url)).status).toBe(404));

test('reads only: other methods are refused, HEAD has no body', async () => {
  expect((await get('app://bundle/', 'POST')).status).toBe(405);
  const head = await get('app://bundle/', 'HEAD');
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
});
