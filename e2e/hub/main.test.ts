/** The sample hub as a process of its own. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** The line that it prints. */
async function address(child: ChildProcess): Promise<{ endpoint: string; redirectHosts: string[] }> {
  children.push(child);
  let line = '';
  for await (const chunk of child.stdout!) {
    line += chunk;
    if (line.endsWith('\n')) break;
  }
  return JSON.parse(line);
}

test('prints where it is, serves at the given pace, and ends with its input', async () => {
  const child = spawn(process.execPath, [main, '--rate', '40000'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { endpoint, redirectHosts } = await address(child);
  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(redirectHosts).toEqual([expect.stringMatching(/^localhost:\d+$/)]);
  const rows = await (await fetch(`${endpoint}/api/models?search=qwen&filter=gguf`)).json();
  expect(rows[0].id).toBe('atelier/Tiny-Qwen3.5-VL-GGUF');
  const slow = await fetch(`${endpoint}/${rows[0].id}/resolve/main/tiny-qwen3.5-vl-Q4_K_M.gguf`, { headers: { Range: 'bytes=0-199999' } });
  const reader = slow.body!.getReader();
  expect((await reader.read()).value?.length).toBeLessThan(200_000);
  await reader.cancel();
  expect((await fetch(`${endpoint}/__ctl`, { method: 'POST', body: '{}' })).ok).toBe(false);
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('ends when the parent that forked it disconnects', async () => {
  const child = fork(main, ['--control', '--prefix', '/mirror'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const { endpoint } = await address(child);
  expect(endpoint).toMatch(/\/mirror$/);
  expect(await (await fetch(`${endpoint}/__ctl`, { method: 'POST', body: '{"do":"clear"}' })).json()).toEqual({});
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});
