/** What a filter leaves, of what is known now and of what is still coming. */
import { expect, test } from 'vitest';
import type { ModelSummary } from '../../shared/schemas/hub.ts';
import { modelTraits, searchModels } from '../testing/samples.ts';
import { activeFilters, type Filters, type Known, matches, noFilters } from './filters.ts';

const now = Date.parse('2026-11-22T00:00:00.000Z');
const qwen = searchModels.find(({ id }) => id === 'unsloth/Qwen3.5-9B-GGUF')!;
const gemma = searchModels.find(({ id }) => id.includes('gemma'))!;
const mistral = searchModels.find(({ id }) => id.includes('Mistral'))!;
const is = (filters: Partial<Filters>, model: ModelSummary, known: Known = modelTraits(model), cpuOnly = false) =>
  matches(model, known, { ...noFilters, ...filters }, cpuOnly, now);

test('without filters everything is shown, known or not', () => {
  for (const known of ['coming', 'failed', modelTraits(mistral)] as const) expect(is({}, mistral, known)).toBe('yes');
  expect(activeFilters(noFilters)).toEqual([]);
});

test('what only the traits can tell is being checked until they are there', () => {
  expect(is({ fits: true }, qwen, 'coming')).toBe('checking');
  expect(is({ fits: true }, qwen)).toBe('yes');
  expect(is({ fits: true }, qwen, 'failed')).toBe('no');
  expect(is({ fits: true }, gemma)).toBe('no');
  expect(is({ context: 131_072 }, gemma, 'coming')).toBe('checking');
  expect(is({ context: 131_072 }, gemma)).toBe('yes');
  expect(is({ context: 262_144 }, gemma)).toBe('no');
});

test('a row that says it takes pictures is believed until its files say otherwise', () => {
  expect(is({ vision: true }, qwen, 'coming')).toBe('yes');
  expect(is({ vision: true }, qwen, { ...modelTraits(qwen), vision: false })).toBe('no');
  expect(is({ vision: true }, mistral, 'coming')).toBe('checking');
  expect(is({ vision: true }, mistral, { ...modelTraits(mistral), vision: true })).toBe('yes');
  expect(is({ tools: true }, mistral)).toBe('no');
});

test('what cannot run does not fit; RAM is enough where there is no GPU', () => {
  const inRam = modelTraits(qwen);
  const traits = { ...inRam, best: { ...inRam.best!, verdict: 'ram' as const } };
  expect(is({ fits: true }, qwen, traits)).toBe('no');
  expect(is({ fits: true }, qwen, traits, true)).toBe('yes');
  expect(is({ fits: true }, qwen, { ...traits, runnable: false }, true)).toBe('no');
});

test('licence, publisher, age and size', () => {
  expect(is({ commercial: true }, qwen, 'coming')).toBe('yes');
  expect(is({ commercial: true }, gemma)).toBe('no');
  const { licence: _, ...unlicensed } = qwen;
  expect(is({ commercial: true }, unlicensed, 'coming')).toBe('checking');
  expect(is({ author: 'Unsloth' }, qwen)).toBe('yes');
  expect(is({ author: 'bartowski' }, qwen)).toBe('no');
  expect(is({ days: 90 }, qwen)).toBe('yes');
  expect(is({ days: 30 }, qwen)).toBe('no');
  expect(is({ smallest: 4, largest: 9 }, qwen)).toBe('yes');
  expect(is({ largest: 8 }, qwen)).toBe('no');
  expect(is({ smallest: 14 }, qwen)).toBe('no');
  const { size: __, ...nameless } = qwen;
  expect(is({ largest: 8 }, nameless)).toBe('yes');
});
