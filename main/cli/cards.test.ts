/** `atelier estimate` on a computer with two software cards. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLoadSettings } from '../../shared/schemas/memory.ts';
import { softwareCards } from '../engine/testEngine.ts';
import { cardEnvironment } from '../memory/testing/softwareGpu.ts';
import { type CommandLine, openCommandLine } from './testing.ts';

const { noGpu } = softwareCards();
const folder = mkdtempSync(join(tmpdir(), 'atelier-cli-cards-'));
const small = 'unsloth/Qwen3.5-0.8B-GGUF';
let line: CommandLine;
let cards: Record<string, string>;

afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(noGpu)('on two software cards', () => {
  beforeAll(async () => {
    line = await openCommandLine();
    cards = { ...cardEnvironment(folder, 1000, { cards: 2, counted: true }), ATELIER_GPU: 'vulkan' };
  });
  afterAll(() => line.close());

  const estimate = async (model: string): Promise<string> => {
    const { code, stdout, stderr } = await line.atelier(['estimate', model, '--context', '2k', '--vision', 'off'], cards);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  test('each is told with what it takes, and the reason for the best one goes by the fullest', async () => {
    const said = await estimate(small);
    expect(said).toMatch(/^#1 .* MB .* MB\n#2 .* MB .* MB$/m);
    expect(said).toMatch(/ free on card #[12]\)\./);
    expect(said).toMatch(/, divided by our own count: each card takes this at most\.$/m);
  });

  test('of the cards that the app is set to use no other is counted', async () => {
    const settings = join(line.folder, 'settings.json');
    writeFileSync(settings, JSON.stringify({ load: { ...defaultLoadSettings, cards: [{ id: 1 }] } }));
    try {
      const said = await estimate(`${small}:Q4_K_M`);
      expect(said).toMatch(/^#2 /m);
      expect(said).not.toMatch(/^#1 /m);
    } finally {
      rmSync(settings);
    }
  });
});
