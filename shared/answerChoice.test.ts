/** Where the settings of an answer come from, and what presets make of them. */
import { expect, test } from 'vitest';
import { changed, changeTo, chooseAnswer } from './answerChoice.ts';
import { builtInPresets, isPreset, withPreset } from './presets.ts';
import { answerSettings } from './schemas/answer.ts';
import { defaultSettings } from './schemas/settings.ts';

test('the nearest place wins, value by value, and is named', () => {
  const recommended = { temperature: 0.6, topK: 20, topP: 0.9, minP: 0.01, repeatPenalty: 1.1 };
  const settings = {
    ...defaultSettings,
    systemPrompt: 'Be brief.',
    sampling: { temperature: 0.5, topK: 30, topP: 0.8, minP: 0.02 },
    modelAnswers: { m: { temperature: 0.4, topK: 31, topP: 0.7 }, other: { temperature: 2 } },
  };
  const { settings: chosen, from } = chooseAnswer({
    request: { temperature: 0.1, thinking: true },
    chat: { temperature: 0.2, topK: 32 },
    settings,
    modelId: 'm',
    recommended,
  });
  expect(chosen).toEqual({
    ...{ temperature: 0.1, topK: 32, topP: 0.7, minP: 0.02, repeatPenalty: 1.1, presencePenalty: 0, seed: -1, maxTokens: 0 },
    ...{ systemPrompt: 'Be brief.', overflow: 'stop', thinking: true },
  });
  expect(from).toEqual({
    ...{ temperature: 'request', topK: 'chat', topP: 'model', minP: 'global', repeatPenalty: 'recommended', presencePenalty: 'engine' },
    ...{ seed: 'engine', maxTokens: 'engine', systemPrompt: 'global', overflow: 'global', thinking: 'request' },
  });
});

test('with nothing said it is as llama.cpp does', () => {
  const { settings, from } = chooseAnswer({ settings: defaultSettings });
  expect(settings).toMatchObject({ temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05, repeatPenalty: 1 });
  expect(from.temperature).toBe('engine');
});

test('an empty system prompt of a chat is one of its own', () => {
  const settings = { ...defaultSettings, systemPrompt: 'Be brief.' };
  expect(chooseAnswer({ chat: { systemPrompt: '' }, settings }).settings.systemPrompt).toBe('');
});

test('a change sets and gives back; the change back gives what was there', () => {
  const before = { temperature: 0.2, systemPrompt: 'Be brief.' };
  const after = changed(before, { set: { topK: 5 }, inherit: ['systemPrompt'] });
  expect(after).toEqual({ temperature: 0.2, topK: 5 });
  expect(changed(after, changeTo(after, before))).toEqual(before);
});

test('a preset decides how words are drawn and leaves the rest', () => {
  const before = { systemPrompt: 'Be brief.', temperature: 2, repeatPenalty: 1.5, seed: 7, maxTokens: 100 };
  const precise = withPreset(before, builtInPresets.precise);
  expect(precise).toEqual({ systemPrompt: 'Be brief.', seed: 7, maxTokens: 100, ...builtInPresets.precise });
  expect(isPreset(precise, builtInPresets.precise)).toBe(true);
  expect(isPreset(precise, builtInPresets.creative)).toBe(false);
  expect(isPreset({ ...precise, repeatPenalty: 1.5 }, builtInPresets.precise)).toBe(false);
  expect(withPreset(precise, { systemPrompt: 'Translate.' })).toEqual({ systemPrompt: 'Translate.', seed: 7, maxTokens: 100 });
});

test('what is built in can be set', () => {
  for (const preset of Object.values(builtInPresets)) expect(answerSettings.parse(preset)).toEqual(preset);
});
