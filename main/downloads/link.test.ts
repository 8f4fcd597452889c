/** The signed link of a file: asked for once, renewed before it ends, and by whose clock. */
import { expect, test } from 'vitest';
import type { ResolvedFile } from '../hub/client.ts';
import { createLink } from './link.ts';

const file = { repo: 'a/b', commit: 'c'.repeat(40), path: 'x.gguf', size: 10, sha256: undefined };
const hour = 3_600_000;

/** A Hub whose clock is `ahead` of ours, and whose links live for `lives`, in milliseconds. */
function links({ ahead = 0, lives = hour }: { ahead?: number; lives?: number | undefined }) {
  const clock = { now: 1_800_000_000_000 };
  let asked = 0;
  const resolve = async (): Promise<ResolvedFile> => ({
    ...{ url: `https://cdn.example/${++asked}`, size: 10, commit: file.commit, expiresAt: clock.now + ahead + lives },
  });
  const link = createLink(file, resolve, () => clock.now);
  return { clock, link, asked: () => asked, url: async () => (await link.current()).url.at(-1) };
}

test('serves all until a minute before its end; then one question serves all', async () => {
  const { clock, url, asked } = links({});
  expect(await Promise.all([url(), url()])).toEqual(['1', '1']);
  clock.now += hour - 60_001;
  expect(await url()).toBe('1');
  clock.now += 1;
  expect(await Promise.all([url(), url(), url()])).toEqual(['2', '2', '2']);
  expect(asked()).toBe(2);
});

test('one that was renewed is not refused for the old one', async () => {
  const { clock, link, url } = links({});
  const old = await link.current();
  clock.now += hour;
  const renewed = link.current();
  link.refuse(old);
  expect((await renewed).url).toMatch(/2$/);
  link.refuse(old);
  expect(await url()).toBe('2');
});

test.each([
  ['a clock of ours that is two hours ahead', { ahead: -2 * hour }],
  ['links that live for half a minute', { lives: 30_000 }],
])('with %s only a refusal tells its end', async (_, more) => {
  const { clock, link, url, asked } = links(more);
  for (const _ of [1, 2, 3]) {
    clock.now += 60_000;
    expect(await url()).toBe('1');
  }
  link.refuse(await link.current());
  expect(await url()).toBe('2');
  expect(asked()).toBe(2);
});

test('a jump of our clock costs one question', async () => {
  const { clock, url, asked } = links({});
  await url();
  clock.now += 24 * hour;
  for (const _ of [1, 2, 3]) expect(await url()).toBe('2');
  expect(asked()).toBe(2);
});
