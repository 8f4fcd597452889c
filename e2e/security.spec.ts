/** The headless shell's door: no token, no page; no foreign origin, no foreign host name. */
import { request as httpRequest } from 'node:http';
import { WebSocket } from 'ws';
import { expect, test } from './app.ts';

// biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names from the pattern.
test.beforeEach(({}, info) => test.skip(info.project.name === 'electron', 'the desktop shell has no HTTP door'));

/** How an upgrade of /rpc with these headers is answered. */
function knock(origin: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/rpc`, { headers });
    socket.once('open', () => {
      socket.close();
      resolve('open');
    });
    socket.once('unexpected-response', (_, response) => resolve(String(response.statusCode)));
    socket.once('error', (error) => resolve(error.message));
  });
}

test('pages, pictures and sockets need the token, our host name and our origin', async ({ app }) => {
  const origin = new URL(app.page.url()).origin;
  const [cookie] = await app.page.context().cookies();
  const key = `${cookie!.name}=${cookie!.value}`;
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });

  expect((await fetch(`${origin}/`)).status).toBe(401);
  expect((await fetch(`${origin}/?token=wrong`)).status).toBe(401);
  expect((await fetch(`${origin}/`, { headers: { cookie: key } })).status).toBe(200);
  expect((await fetch(`${origin}/..%2f..%2fpackage.json`, { headers: { cookie: key } })).status).toBe(404);
  const status = await new Promise((resolve) =>
    httpRequest(`${origin}/`, { headers: { host: 'evil.example', cookie: key } }, (response) => resolve(response.resume().statusCode)).end(),
  );
  expect(status).toBe(421);

  expect(await knock(origin, { cookie: key, origin })).toBe('open');
  expect(await knock(origin, { origin })).toBe('403');
  expect(await knock(origin, { cookie: key, origin: 'http://evil.example' })).toBe('403');
  expect(await knock(origin, { cookie: key, origin, host: 'evil.example' })).toBe('403');
});

test('messages that nobody understands answer a typed error and harm nothing', async ({ app }) => {
  const origin = new URL(app.page.url()).origin;
  const [cookie] = await app.page.context().cookies();
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/rpc`, { headers: { cookie: `${cookie!.name}=${cookie!.value}`, origin } });
  await new Promise((resolve) => socket.once('open', resolve));
  const answers: { id: number; result: { ok: boolean; error?: { code: string } } }[] = [];
  socket.on('message', (data) => answers.push(JSON.parse(String(data))));
  socket.send('{');
  socket.send(Buffer.from([255, 255, 255, 255, 1]));
  socket.send(JSON.stringify({ t: 'call', id: 1, method: '__proto__' }));
  socket.send(JSON.stringify({ t: 'call', id: 2, method: 'hub.model', input: { repo: '../../etc/passwd' } }));
  socket.send(JSON.stringify({ t: 'call', id: 3, method: 'app.info' }));
  await expect.poll(() => answers.length).toBe(3);
  const byId = Object.fromEntries(answers.map(({ id, result }) => [id, result.ok ? 'ok' : result.error?.code]));
  expect(byId).toEqual({ 1: 'rpc.unknownMethod', 2: 'rpc.invalidInput', 3: 'ok' });
  socket.close();
});
