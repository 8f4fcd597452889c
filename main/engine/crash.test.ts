/** How an engine's end is told. */
import { expect, test } from 'vitest';
import type { EngineExit } from '../platform.ts';
import { crashFault } from './crash.ts';

const exit = (changes: Partial<EngineExit>): EngineExit => ({ code: null, signal: null, lastWords: '', ...changes });

test.each<[Partial<EngineExit>, string, string]>([
  [{ signal: 'SIGKILL' }, 'killed', 'SIGKILL'],
  [{ signal: 'SIGKILL', memoryKilled: true }, 'memoryKiller', 'SIGKILL'],
  [{ signal: 'SIGSEGV' }, 'badMemory', 'SIGSEGV'],
  [{ signal: 'SIGABRT' }, 'aborted', 'SIGABRT'],
  [
    { signal: 'SIGABRT', lastWords: "terminate called after throwing an instance of 'vk::DeviceLostError'\n  what(): vk::Queue::submit: ErrorDeviceLost" },
    'deviceLost',
    'SIGABRT',
  ],
  [{ signal: 'SIGABRT', lastWords: "terminate called after throwing an instance of 'std::bad_alloc'" }, 'noMemory', 'SIGABRT'],
  [{ signal: 'SIGBUS' }, 'fileLost', 'SIGBUS'],
  [{ code: 3221225477 }, 'badMemory', '0xC0000005'],
  [{ code: -1073741819 }, 'badMemory', '0xC0000005'],
  [{ code: 3221226505 }, 'aborted', '0xC0000409'],
  [{ code: 3221226505, lastWords: 'ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory' }, 'noMemory', '0xC0000409'],
  [{ code: 3221225781 }, 'missingLibrary', '0xC0000135'],
  [{ code: 1, signal: 'memory-eviction' }, 'memoryKiller', 'memory-eviction'],
  [{ lastWords: '\nspawn node ENOENT' }, 'notStarted', 'launch-failed'],
  [{ code: 1, lastWords: 'all was well\nerror: llama-server ended: it ended with 137\n' }, 'killed', 'SIGKILL'],
  [{ code: 1, lastWords: 'error: llama-server ended: it ended with 137', memoryKilled: true }, 'memoryKiller', 'SIGKILL'],
  [{ code: 1, lastWords: 'error: llama-server ended: it ended with SIGSEGV' }, 'badMemory', 'SIGSEGV'],
  [{ code: 7 }, 'unknown', 'code 7'],
])('%j is %s', (how, cause, name) => {
  expect(crashFault(exit(how))).toMatchObject({ code: 'engine.crashed', data: { cause, exit: name } });
});

test('what was written long before the end says nothing about it', () => {
  const lastWords = `failed to allocate, trying another way\n${'all is well\n'.repeat(1_000)}`;
  expect(crashFault(exit({ signal: 'SIGSEGV', lastWords })).data).toMatchObject({ cause: 'badMemory' });
});

test('the last complaint is the reason, unless somebody else ended it', () => {
  const lastWords = 'GGML_ASSERT(n_tokens > 0) failed';
  expect(crashFault(exit({ signal: 'SIGABRT', lastWords })).data).toMatchObject({ reason: lastWords });
  expect(crashFault(exit({ signal: 'SIGKILL', lastWords })).data).toMatchObject({ reason: expect.stringContaining('(SIGKILL)') });
});
