/** Which llama-server a text model runs in. */
import { expect, test } from 'vitest';
import { chooseBackend } from './backend.ts';
import { plan } from './testModel.ts';
import { serverForText } from './vision.ts';

const cpu = async (): Promise<'cpu'> => 'cpu';
const none = (): undefined => undefined;
const found = (): string => '/built';
const makes = async (): Promise<{ folder: string }> => ({ folder: '/made' });
const never = async (): Promise<never> => {
  throw new Error('nobody asked to build it');
};

test('one that is there is taken, and none is built for text alone', async () => {
  expect(await serverForText('auto', cpu, found, never)).toEqual({ folder: '/built' });
  expect(await serverForText('auto', cpu, none, never)).toBeUndefined();
});

test('the choice of an engine is kept to', async () => {
  expect(await serverForText('node-llama-cpp', cpu, found, never)).toBeUndefined();
  expect(await serverForText('llama-server', cpu, none, makes)).toEqual({ folder: '/made' });
  expect(await serverForText('llama-server', cpu, none, async () => ({ problem: 'cmake' }))).toEqual({ problem: 'cmake' });
});

test('pictures need llama-server, text runs there too where it is', () => {
  const load = { model: 'm.gguf', plan: plan() };
  expect(chooseBackend({ ...load, projector: 'p.gguf', serverFolder: '/built' })).toBe('llama-server');
  expect(chooseBackend({ ...load, serverFolder: '/built' })).toBe('llama-server');
  expect(chooseBackend({ ...load, serverFolder: '/built' }, 'node-llama-cpp')).toBe('node-llama-cpp');
  expect(chooseBackend(load, 'llama-server')).toBe('node-llama-cpp');
});
