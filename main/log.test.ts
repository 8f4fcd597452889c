/** What the log writes, keeps and leaves out. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../shared/result.ts';
import { createLog, redact } from './log.ts';

let folder: string;
let printed: string[];
const print = (line: string): void => void printed.push(line);
const lines = (): Record<string, unknown>[] =>
  readFileSync(join(folder, 'atelier.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  printed = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('writes JSON lines with level, scope and data, and short lines for people', () => {
  createLog({ folder: join(folder, 'deep', '..'), print })
    .scope('hub')
    .warn('slow answer', { ms: 1200, host: 'a' });
  expect(lines()[0]).toMatchObject({ level: 'warn', scope: 'hub', message: 'slow answer', data: { ms: 1200, host: 'a' } });
  expect(printed[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}hub: slow answer ms=1200 host="a"$/);
});

test('drops what is less urgent than the level', () => {
  const log = createLog({ folder, level: 'warn', print });
  log.debug('a');
  log.info('b');
  log.error('c');
  expect(lines().map((line) => line.message)).toEqual(['c']);
  expect(printed).toHaveLength(1);
});

test('an error keeps its code, stack and causes, even when they go in circles', () => {
  const cause: Error & { cause?: unknown } = new Error('socket closed');
  const error = new Fault('hub.unreachable', 'no hub', { endpoint: 'x' }, cause);
  cause.cause = error;
  createLog({ folder, print }).error('failed', { error });
  const logged = (lines()[0] as { data: { error: Record<string, unknown> } }).data.error;
  expect(logged).toMatchObject({ code: 'hub.unreachable', message: 'no hub', data: { endpoint: 'x' }, cause: { message: 'socket closed', cause: '[loop]' } });
  expect(logged.stack).toContain('log.test.ts');
  expect(printed[0]).toContain('error=no hub');
});

test('whatever is logged, the line is written', () => {
  const log = createLog({ folder, print });
  log.info('odd', { big: 2n ** 60n, bytes: new Uint8Array(5), nothing: undefined, call: () => 1 });
  log.info('worse', {
    get trap(): string {
      return 'fine';
    },
    inner: {
      toJSON: () => {
        throw new Error('no');
      },
    },
  });
  expect(lines()[0]?.data).toEqual({ big: '1152921504606846976', bytes: '[5 bytes]' });
  expect(lines()[1]).toMatchObject({ message: 'worse', data: expect.stringContaining('cannot be written') });
  expect(printed).toHaveLength(2);
});

test('the same object twice is no loop', () => {
  const file = { name: 'a.gguf' };
  createLog({ folder, print }).info('two', { first: file, second: { file } });
  expect(lines()[0]?.data).toEqual({ first: file, second: { file } });
});

test('no token and no Authorization value reaches the file or the terminal', () => {
  const log = createLog({ folder, print });
  const token = 'hf_AbCdEfGhIjKlMnOpQrStUvWxYz';
  log.info(`sent with ${token}`, { token, list: [{ note: `x${token}` }, `"${token}"`] });
  log.info('url', { url: `https://user:${token}@host/x?token=hf_oauth_eyJh.eyJAbCdEf.sig` });
  log.info('headers', { headers: { Authorization: `Bearer ${token}`, nested: { authorization: ['Bearer opaque-session-value'] } } });
  log.info('request', { headers: new Headers({ authorization: 'Bearer opaque-session-value', accept: 'text/html' }) });
  log.info('raw', {
    text: 'GET / HTTP/1.1\r\nAuthorization: Bearer opaque-session-value\r\nAccept: */*',
    curl: "-H 'Authorization: Basic b3BhcXVlLXNlc3Npb24='",
  });
  log.info('json in text', { body: JSON.stringify({ authorization: 'opaque-session-value', repo: 'a/b' }) });
  log.info('error', { error: new Error(`bearer opaque-session-value refused for ${token}`) });
  const written = readFileSync(join(folder, 'atelier.log'), 'utf8') + printed.join('\n');
  for (const secret of ['AbCdEf', 'opaque-session', 'b3BhcXVl']) expect(written).not.toContain(secret);
  for (const kept of ['text/html', 'Accept: */*', 'a/b', 'refused for']) expect(written).toContain(kept);
});

test('redaction leaves words that only look similar', () => {
  for (const text of ['the bearer of news', 'hf_hub', 'hf_transfer', 'half_done', 'author: Ada', 'no authorization needed']) expect(redact(text)).toBe(text);
});

test('begins a new file at the size limit and keeps so many old ones', () => {
  const log = createLog({ folder, maxBytes: 500, keep: 2, print });
  for (let n = 0; n < 40; n++) log.info(`line ${n}`, { filler: 'x'.repeat(60) });
  expect(readdirSync(folder).sort()).toEqual(['atelier.1.log', 'atelier.2.log', 'atelier.log']);
  for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(500);
  expect(lines().at(-1)?.message).toBe('line 39');
  const all = ['atelier.2.log', 'atelier.1.log', 'atelier.log'].flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n'));
  const numbers = all.map((line) => Number(JSON.parse(line).message.slice(5)));
  expect(numbers).toEqual(numbers.map((_, n) => 40 - numbers.length + n));
});

test('goes on in the file of the last start', () => {
  createLog({ folder, print }).info('first');
  createLog({ folder, print }).info('second');
  expect(lines().map((line) => line.message)).toEqual(['first', 'second']);
});

test('a folder that cannot be made stops no one', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const log = createLog({ folder: join(file, 'logs'), print });
  log.info('still said');
  expect(printed[0]).toContain('still said');
});
