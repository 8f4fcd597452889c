/** The list of architectures is that of the bundled llama.cpp, and says of real models whether they run. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isRunnable } from './architectures.ts';

const script = fileURLToPath(new URL('../../scripts/architectures.mjs', import.meta.url));

function hasGit(): boolean {
  try {
    execFileSync('git', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('the list is what the source of the bundled llama.cpp says', ({ skip }) => {
  if (!hasGit()) {
    console.warn('SKIPPED: without git the list of architectures cannot be compared with the source of llama.cpp.');
    skip('git is missing');
  }
  const fresh = execFileSync(process.execPath, [script, '--print'], { encoding: 'utf8' });
  expect(fresh).toBe(readFileSync(new URL('architectures.json', import.meta.url), 'utf8'));
}, 60_000);

test.each(['llama', 'qwen35', 'qwen35moe', 'gemma4', 'gpt-oss', 'mistral3', 't5'])('%s runs', (architecture) => expect(isRunnable(architecture)).toBe(true));

test.each(['clip', 'bert', 'gemma-embedding', 'llada', 'conformer', 'flux', '(unknown)', 'LLM_ARCH_LLAMA', 'constructor', ''])('%s does not', (architecture) =>
  expect(isRunnable(architecture)).toBe(false),
);
