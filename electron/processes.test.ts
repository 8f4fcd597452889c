import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { openSecrets } from '../main/secrets.ts';
import { portChannel } from './channel.ts';
import { engineProcess } from './engineProcess.ts';
import { createDesktopPlatform } from './platform.ts';
import { givePorts } from './ports.ts';

class FakeChild extends EventEmitter {
  stderr = new EventEmitter();
  sent: unknown[] = [];
  killed = false;
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  kill(): boolean {
    this.killed = true;
    return true;
  }
}

describe('an engine in a utility process', () => {
  test('speaks frames, and tells how it ended with its last words', async () => {
    const child = new FakeChild();
    const engine = engineProcess(child as never, new EventEmitter() as never, 'engine 1');
    const heard: unknown[] = [];
    let closed = false;
    engine.port.listen(
      (frame) => heard.push(frame),
      () => (closed = true),
    );
    engine.port.post({ t: 'cancel', id: 1 });
    child.emit('message', { t: 'more', id: 1, n: 2 });
    child.stderr.emit('data', Buffer.from('ggml: out of memory'));
    child.emit('exit', 0);
    expect(await engine.exited).toEqual({ code: 0, signal: null, lastWords: 'ggml: out of memory' });
    expect(child.sent).toEqual([{ t: 'cancel', id: 1 }]);
    expect(heard).toEqual([{ t: 'more', id: 1, n: 2 }]);
    expect(closed).toBe(true);
  });

  test('a crash that says exit 0 first is still a crash', async () => {
    const child = new FakeChild();
    const app = new EventEmitter();
    const engine = engineProcess(child as never, app as never, 'engine 1');
    child.emit('exit', 0);
    app.emit('child-process-gone', {}, { type: 'Utility', serviceName: 'engine 2', reason: 'oom' });
    app.emit('child-process-gone', {}, { type: 'Utility', serviceName: 'engine 1', reason: 'crashed' });
    expect(await engine.exited).toMatchObject({ code: 1, signal: 'crashed' });
    expect(app.listenerCount('child-process-gone')).toBe(0);
  });

  test('gets no secret from the environment', async () => {
    let given: NodeJS.ProcessEnv | undefined;
    const platform = createDesktopPlatform({
      root: '/app',
      app: Object.assign(new EventEmitter(), { getVersion: () => '1.2.3' }) as never,
      utilityProcess: {
        fork(_entry: string, _args: string[], options: { env: NodeJS.ProcessEnv }) {
          given = options.env;
          return new FakeChild();
        },
      } as never,
      secrets: openSecrets('/nowhere/secrets.json'),
      resolveProxy: async (url) => (url === 'https://hub.test' ? 'HTTPS proxy.test:8443; DIRECT' : 'DIRECT'),
      env: { HF_TOKEN: 'hf_secret', AWS_SECRET_ACCESS_KEY: 'x', PATH: '/bin', HOME: '/home/ada', GGML_VK_VISIBLE_DEVICES: '0' },
    });
    platform.startEngine();
    expect(given).toEqual({ PATH: '/bin', HOME: '/home/ada', GGML_VK_VISIBLE_DEVICES: '0' });
    expect(await platform.systemProxy?.('https://hub.test')).toBe('https://proxy.test:8443');
    expect(await platform.systemProxy?.('https://other.test')).toBeUndefined();
    expect(platform).toMatchObject({ shell: 'desktop', version: '1.2.3', hub: { token: 'hf_secret' } });
  });
});

describe('ports to the page', () => {
  const ask = (frame: unknown, nonce: unknown): { served: number; posted: unknown[] } => {
    const ipc = new EventEmitter();
    const posted: unknown[] = [];
    let served = 0;
    givePorts(
      ipc as never,
      () => new MessageChannel() as never,
      () => served++,
    );
    ipc.emit(portChannel, { senderFrame: frame && { ...(frame as object), postMessage: (...message: unknown[]) => posted.push(message[1]) } }, nonce);
    return { served, posted };
  };

  test('the main frame of our page gets one, under its nonce', () => {
    expect(ask({ url: 'app://bundle/', parent: null }, 'n1')).toEqual({ served: 1, posted: ['n1'] });
  });

  test.each([
    ['a foreign page', { url: 'https://evil.example/', parent: null }, 'n'],
    ['a frame inside', { url: 'app://bundle/', parent: {} }, 'n'],
    ['a frame that is gone', null, 'n'],
    ['no nonce', { url: 'app://bundle/', parent: null }, 7],
    ['a huge nonce', { url: 'app://bundle/', parent: null }, 'x'.repeat(65)],
  ])('%s gets none', (_, frame, nonce) => expect(ask(frame, nonce)).toEqual({ served: 0, posted: [] }));
});
