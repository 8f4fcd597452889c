/** A GET over our own socket, against servers that say what they like. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { get } from './wire.ts';

let server: Server;
let sockets: Socket[];
let asked: string[];
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** Answers each request, whatever connection it comes over, with the next of these; null closes without a word. */
async function serve(...answers: (string[] | null)[]): Promise<URL> {
  sockets = [];
  asked = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', async (data) => {
      asked.push(data.toString());
      const answer = answers.shift();
      for (const piece of answer ?? []) {
        socket.write(Buffer.from(piece, 'latin1'));
        await sleep(5);
      }
      if (!answer || answer.at(-1) === '') socket.destroySoon();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/file?x=1`);
}
const signal = AbortSignal.timeout(20_000);
const headers = new Headers({ Range: 'bytes=0-9' });
async function read(url: URL): Promise<string> {
  const { body } = await get(url, headers, signal);
  let text = '';
  for await (const piece of body) text += Buffer.from(piece).toString();
  return text;
}

test('asks as it should, and gives status, headers and body in whatever pieces they come', async () => {
  const url = await serve(['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 206 Partial', ' Content\r\nContent-Le', 'ngth: 10\r\nX-A:  b \r\n\r', '\n01234', '56789']);
  const answer = await get(url, headers, signal);
  expect(answer.status).toBe(206);
  expect(answer.headers.get('x-a')).toBe('b');
  let text = '';
  for await (const piece of answer.body) text += Buffer.from(piece).toString();
  expect(text).toBe('0123456789');
  expect(asked).toEqual([`GET /file?x=1 HTTP/1.1\r\nHost: ${url.host}\r\nrange: bytes=0-9\r\n\r\n`]);
});

const ten = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789';
test('a connection is used again; one that was closed meanwhile is replaced', async () => {
  const url = await serve([ten], [ten], null, [ten]);
  for (let turn = 0; turn < 3; turn++) expect(await read(url)).toBe('0123456789');
  expect(sockets).toHaveLength(2);
  expect(asked).toHaveLength(4);
});

test.each([
  ['closes', ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc']],
  ['sends more than it said', ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\n']],
  ['tells no length', ['HTTP/1.1 200 OK\r\n\r\nab', 'c', '']],
  ['sends chunks', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r', '\n2;x=y\r\nb', 'c\r\n0\r\nTrailer: 1\r\n', '\r\n']],
])('the body of a server that %s', async (_, answer) => {
  const url = await serve(answer, [ten]);
  expect(await read(url)).toBe('abc');
  expect(await read(url)).toBe('0123456789');
});

test.each([
  ['ends before its length', ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234', ''], /closed/],
  ['ends before its last chunk', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n', ''], /closed/],
  ['has no size where one belongs', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0123456\r\n'], /no HTTP/],
  ['has a length that is none', ['HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabc'], /no HTTP/],
  ['is no HTTP', ['SSH-2.0-OpenSSH_9.2\r\n'], /no HTTP/],
  ['has a head without end', ['HTTP/1.1 200 OK\r\n', `X: ${'y'.repeat(70_000)}`], /no HTTP/],
  ['never begins', null, /closed/],
])('an answer that %s is an error', async (_, answer, error) => {
  await expect(read(await serve(answer))).rejects.toThrow(error);
});

test('an abort ends it with its reason, before and in the body', async () => {
  const url = await serve([], ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234']);
  for (const _ of ['head', 'body']) {
    const abort = new AbortController();
    const reason = new Error('paused');
    setTimeout(() => abort.abort(reason), 50);
    const reading = async () => {
      const { body } = await get(url, headers, abort.signal);
      for await (const piece of body) expect(piece.length).toBe(5);
    };
    await expect(reading()).rejects.toBe(reason);
  }
});

test('a slow reader holds the sender back', async () => {
  const size = 64 * 2 ** 20;
  const url = await serve([`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`]);
  const { body } = await get(url, headers, signal);
  const socket = sockets[0]!;
  socket.write(Buffer.alloc(size, 7));
  await sleep(100);
  expect(socket.writableLength).toBeGreaterThan(size / 2);
  let length = 0;
  for await (const piece of body) length += piece.length;
  expect(length).toBe(size);
});
