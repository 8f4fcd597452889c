/** Cards: the text of a commit without its front matter, whatever a stranger put there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytes } from '../../e2e/hub/content.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import { readCard } from './card.ts';
import { createHub } from './client.ts';

const never = new AbortController().signal;
const model = { 'a.gguf': bytes('a') };
const cards: Record<string, string> = {
  plain: '# Title\n\nText.\n',
  fronted: '---\nlicense: mit\ntags:\n- a\n---\n\n# Title\n\n---\n\nText.\n',
  windows: '\uFEFF---\r\nlicense: mit\r\n---\r\n# Title',
  open: '---\nlicense: mit\n\n# Never closed',
  bare: '---\n---\n# Title',
  only: '---\nlicense: mit\n---',
  script: '---\nlicense: mit\n---\n<script>alert(1)</script>\n[x](javascript:alert(1))',
  long: `# Title\n${'€'.repeat(700_000)}`,
  dashes: `---\n${'-'.repeat(500_000)}`,
  empty: '',
};
let standIn: StandIn;

beforeAll(async () => {
  const repositories = Object.entries(cards).map(([name, card]) => ({ repo: `ada/${name}`, files: { ...model, 'README.md': bytes(card) } }));
  standIn = await startHub({
    evil: true,
    prefix: '/mirror',
    repositories: [...repositories, { repo: 'ada/none', files: model }, { repo: 'ada/gated', files: { ...model, 'README.md': bytes('#') }, gated: 'manual' }],
  });
});
afterAll(() => standIn.close());

const hub = (token?: string) => createHub({ endpoint: standIn.endpoint, redirectHosts: [], token });
const read = async (name: string) =>
  (await readCard(hub(), { repo: `ada/${name}`, commit: standIn.repository(`ada/${name}`).snapshots[0]!.commit }, never)).markdown;

test.each([
  ['plain', '# Title\n\nText.'],
  ['fronted', '# Title\n\n---\n\nText.'],
  ['windows', '# Title'],
  ['open', '---\nlicense: mit\n\n# Never closed'],
  ['bare', '# Title'],
  ['only', ''],
  ['empty', ''],
  ['none', ''],
  // Whoever renders it makes it harmless; here it is text.
  ['script', '<script>alert(1)</script>\n[x](javascript:alert(1))'],
])('%s', async (name, markdown) => expect(await read(name)).toBe(markdown));

test('what is longer than a mebibyte ends there', async () => {
  const markdown = await read('long');
  expect(markdown.length).toBeLessThan(2 ** 20);
  expect(markdown).toMatch(/^# Title\n€{300000}/);
});

test('half a million dashes take no time', async () => expect((await read('dashes')).length).toBeGreaterThan(500_000), 2000);

test('the text is of that commit, not of the newest', async () => {
  const old = standIn.repository('ada/plain').snapshots[0]!.commit;
  const commit = await standIn.put('ada/plain', { 'README.md': bytes('# New') });
  expect((await readCard(hub(), { repo: 'ada/plain', commit }, never)).markdown).toBe('# New');
  expect((await readCard(hub(), { repo: 'ada/plain', commit: old }, never)).markdown).toBe('# Title\n\nText.');
});

test.each([
  ['hub.gated', 'ada/gated'],
  ['hub.notFound', 'ada/nobody'],
  ['hub.notFound', '../../etc'],
])('%s: %s', async (code, repo) => {
  await expect(readCard(hub(), { repo, commit: 'a'.repeat(40) }, never)).rejects.toMatchObject({ code });
});

test.each([
  ['hub.badAnswer', { at: 'hub', kind: 'captivePortal' }],
  ['hub.server', { at: 'hub', kind: 'status', status: 500 }],
  ['hub.rateLimited', { at: 'hub', kind: 'rateLimited', seconds: 60 }],
  ['hub.unreachable', { at: 'hub', kind: 'truncate' }],
  ['hub.refusedRedirect', { at: 'hub', kind: 'redirect', to: 'evil' }],
] as const)('%s', async (code, fault) => {
  standIn.fault({ ...fault, times: 'always' });
  await expect(read('fronted')).rejects.toMatchObject({ code });
  standIn.clearFaults();
  expect(standIn.log.some(({ at }) => at === 'evil')).toBe(false);
});

test('offline nobody is asked', async () => {
  const asked = standIn.log.length;
  const offline = createHub({ endpoint: standIn.endpoint, redirectHosts: [], token: undefined, offline: true });
  await expect(readCard(offline, { repo: 'ada/plain', commit: 'a'.repeat(40) }, never)).rejects.toMatchObject({ code: 'hub.offline' });
  expect(standIn.log).toHaveLength(asked);
});
