/** The command line reaches the hub as the app's settings say. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tinyRepo } from '../../e2e/hub/builtin.ts';
import { goodToken } from '../../e2e/hub/exchange.ts';
import { type CommandLine, openCommandLine } from './testing.ts';

let line: CommandLine;
beforeAll(async () => {
  line = await openCommandLine();
});
afterAll(() => line.close());

test('with its mirror, and the token that was given for it', async () => {
  const { endpoint } = line.hub;
  writeFileSync(join(line.folder, 'settings.json'), JSON.stringify({ network: { endpoint } }));
  writeFileSync(join(line.folder, 'secrets.json'), JSON.stringify({ [`token ${endpoint}`]: goodToken }));
  const { code, stderr } = await line.atelier(['show', tinyRepo], { HF_ENDPOINT: 'http://127.0.0.1:9', HF_TOKEN: 'hf_forElsewhere' });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(new Set(line.hub.log.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${goodToken}`]));
});
