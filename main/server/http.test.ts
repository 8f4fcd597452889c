import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBlobs } from '../blobs/store.ts';
import { createHttp } from './http.ts';
import { cookieName, readCookie, readToken, sameToken } from './token.ts';

const port = 4600;
let folder: string;
let token: string;
let sha256: string;
let http: ReturnType<typeof createHttp>;
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'atelier-http-'));
  fs.mkdirSync(path.join(folder, 'page/assets'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'page/index.html'), '<!doctype html>hello');
  fs.writeFileSync(path.join(folder, 'page/assets/app.js'), 'let a');
  fs.writeFileSync(path.join(folder, 'secret.html'), 'secret');
  token = readToken(folder);
  const blobs = createBlobs(path.join(folder, 'blobs'));
  ({ sha256 } = await blobs.put(png));
  http = createHttp({ files: path.join(folder, 'page'), blobs, token, port: () => port });
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

const get = (file: string, headers: Record<string, string> = {}) =>
  Promise.resolve(http.request(file, { headers: { host: `127.0.0.1:${port}`, cookie: `${cookieName(port)}=${token}`, ...headers } }));

describe('the door', () => {
  test('the printed address lets in once and leaves no token in the address bar', async () => {
    const answer = await get(`/?token=${token}`, { cookie: '' });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe('/');
    expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
  });

  test.each([
    ['no token', '/', { cookie: '' }, 401],
    ['a wrong token', '/?token=abc', { cookie: '' }, 401],
    ['a wrong cookie', '/', { cookie: `${cookieName(port)}=${'0'.repeat(64)}` }, 401],
    ['the cookie of another port', '/', { cookie: `atelier-1=${'0'.repeat(64)}` }, 401],
    ['another host name', '/', { host: 'evil.example' }, 421],
    ['another port', '/', { host: '127.0.0.1:1' }, 421],
  ])('%s stays outside', async (_, file, headers, status) => {
    const answer = await get(file, headers);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('hello');
  });
});

describe('what is served', () => {
  test('the page with its policy, its files, its pictures', async () => {
    const page = await get('/');
    expect(await page.text()).toContain('hello');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await get('/assets/app.js')).headers.get('content-type')).toContain('text/javascript');
    const picture = await get(`/blobs/${sha256}`);
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(png);
  });

  test.each(['/..%2fsecret.html', '/assets/..%2f..%2fsecret.html', '/%2e%2e/secret.html', '/assets', '/missing.js', `/blobs/${'0'.repeat(64)}`, '/%'])(
    '%s is not',
    async (file) => {
      const answer = await get(file);
      expect(answer.status).toBe(404);
      expect(await answer.text()).not.toContain('secret');
    },
  );
});

describe('the token', () => {
  test('is the same at the next start and only its owner reads it', () => {
    expect(readToken(folder)).toBe(token);
    expect(fs.statSync(path.join(folder, 'token')).mode & 0o077).toBe(0);
    expect(sameToken(token, token)).toBe(true);
    expect(sameToken(`${token} `, token)).toBe(false);
    expect(sameToken(undefined, token)).toBe(false);
  });

  test('is found among other cookies', () => {
    expect(readCookie('a=1; atelier-4600=xyz; b=2', 'atelier-4600')).toBe('xyz');
    expect(readCookie('xatelier-4600=1', 'atelier-4600')).toBeUndefined();
    expect(readCookie(undefined, 'a')).toBeUndefined();
  });
});
