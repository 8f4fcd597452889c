/** What the Hub's scanners found, beside the model's details. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytes } from '../../e2e/hub/content.ts';
import { type Hub as StandIn, startHub } from '../../e2e/hub/start.ts';
import { Fault } from '../../shared/result.ts';
import { createHub } from './client.ts';
import { readPage } from './security.ts';

const never = new AbortController().signal;
const files = { 'a-Q4_K_M.gguf': bytes('a') };
let standIn: StandIn;

beforeAll(async () => {
  standIn = await startHub({
    repositories: [
      { repo: 'ada/clean', files },
      { repo: 'ada/flagged', files, security: { scansDone: true, filesWithIssues: [{ path: 'a-Q4_K_M.gguf', level: 'unsafe' }] } },
      { repo: 'ada/odd', files, security: { scansDone: false, filesWithIssues: [{ path: 'x.py', level: 'some new level' }] } },
      { repo: 'ada/waiting', files, security: { scansDone: false, filesWithIssues: [] } },
    ],
  });
});
afterAll(() => standIn.close());
const hub = () => createHub({ endpoint: standIn.endpoint, redirectHosts: [], token: undefined }, { backOffMs: 1 });

test.each([
  ['ada/clean', 'safe'],
  ['ada/flagged', 'unsafe'],
  ['ada/odd', 'unsafe'],
  ['ada/waiting', 'unscanned'],
])('%s is %s', async (repo, security) => {
  expect(await readPage(hub(), repo, never)).toMatchObject({ id: repo, security, quantizations: [{ label: 'Q4_K_M' }] });
});

test.each([
  ['an error', () => Promise.reject(new Fault('hub.server', 'no'))],
  ['something else', async () => ({ body: { sha: 'x', securityRepoStatus: 'fine' }, headers: new Headers() })],
  ['another commit', async () => ({ body: { sha: 'b'.repeat(40), securityRepoStatus: { scansDone: true, filesWithIssues: [] } }, headers: new Headers() })],
])('%s in place of the scan: the model is shown without', async (_, answer) => {
  const client = hub();
  const json: typeof client.json = (path, query, ...rest) => (query.some(([name]) => name === 'securityStatus') ? answer() : client.json(path, query, ...rest));
  const page = await readPage({ ...client, json }, 'ada/clean', never);
  expect(page.id).toBe('ada/clean');
  expect(page).not.toHaveProperty('security');
});

test('a model that is not there is not there', async () => {
  await expect(readPage(hub(), 'ada/none', never)).rejects.toMatchObject({ code: 'hub.notFound' });
});
