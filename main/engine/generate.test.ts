/** What an answer can be asked for, of both engines with the tiny model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message, Tool } from '../../shared/contract/control.ts';
import type { Sampling } from '../../shared/schemas/sampling.ts';
import { writeWithNumbers } from '../gguf/testing.ts';
import type { Backend } from './backend.ts';
import { answer, engines, open } from './testBackends.ts';
import { ask, quant, say, sureCalls, surePictures } from './testModel.ts';

const weather: Tool = {
  name: 'get_weather',
  description: 'Current weather in a given city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

describe.for(engines)('$name', (engine) => {
  let backend: Backend;
  beforeAll(async () => {
    ({ backend } = await open(engine, quant.q4));
  });
  afterAll(() => backend.dispose());

  test('stops before a text that it was told to stop at', async () => {
    const { text, stats } = await answer(backend, ask('Count from 1 to 100.', { stop: ['12', ', 15'] }));
    expect(text).toBe('1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ');
    expect(stats.stopReason).toBe('end');
  });

  test('follows the system prompt', async () => {
    const { text } = await answer(backend, ask([say('system', 'Always answer in capital letters.'), say('user', 'Comment vas-tu ?')]));
    expect(text).toBe('JE VAIS BIEN, MERCI. COMMENT PUIS-JE VOUS AIDER ?');
  });

  describe('draws its words', () => {
    const draw = async (sampling: Sampling, question = 'Tell me something.'): Promise<string> =>
      (await answer(backend, ask(question, { maxTokens: 40, ...sampling }))).text;
    const free: Sampling = { temperature: 2, topK: 0, topP: 1, minP: 0 };

    test('the same with the same seed, differently with another one, and with none every time', async () => {
      const first = await draw({ ...free, seed: 7 });
      expect(await draw({ ...free, seed: 7 })).toBe(first);
      expect(new Set([first, await draw({ ...free, seed: 8 }), await draw({ ...free, seed: 9 })]).size).toBeGreaterThan(1);
      expect(new Set([await draw({ ...free, seed: -1 }), await draw({ ...free, seed: -1 }), await draw({ ...free, seed: -1 })]).size).toBeGreaterThan(1);
    });

    test('the likeliest ones only, however hot, where each narrowing leaves one word', async () => {
      const likeliest = await draw({ temperature: 0 });
      expect(await draw({ ...free, seed: 7 })).not.toBe(likeliest);
      for (const narrow of [{ topK: 1 }, { topP: 0 }, { minP: 1 }]) expect(await draw({ ...free, ...narrow, seed: 7 }), JSON.stringify(narrow)).toBe(likeliest);
    });

    test('less often again with a penalty, for repeating as for being there', async () => {
      expect(await draw({ temperature: 0 })).toContain('hinghinghing');
      for (const penalty of [{ repeatPenalty: 2 }, { presencePenalty: 2 }]) expect(await draw({ temperature: 0, ...penalty })).not.toContain('hinghing');
      const question = 'Repeat: one one one one two';
      expect(await draw({ temperature: 0 }, question)).toBe('one one one one two');
      // The words of the question count too.
      expect(await draw({ temperature: 0, repeatPenalty: 2 }, question)).not.toContain('one one');
    });

    test('as many as it may, and up to the context where 0 is asked', async () => {
      const short = await answer(backend, ask('Count from 1 to 100.', { maxTokens: 9 }));
      expect(short.stats).toMatchObject({ stopReason: 'length', tokens: 9 });
      const whole = await answer(backend, ask('Count from 1 to 100.', { maxTokens: 0 }));
      expect(whole.stats.stopReason).toBe('end');
      expect(whole.text).toMatch(/100\.?$/);
    });
  });

  describe('thinking', () => {
    const question = 'How are you today?';

    test('on and off', async () => {
      const on = await answer(backend, ask(question, { thinking: true }));
      const off = await answer(backend, ask(question, { thinking: false }));
      expect(on.thinking).not.toBe('');
      expect(off.thinking).toBe('');
      expect(off.text).toBe('I am fine, thank you. How can I help you?');
    });

    test.for([0, 4])('of at most %i tokens, then the answer', async (budget) => {
      const free = await answer(backend, ask(question, { thinking: true }));
      const short = await answer(backend, ask(question, { thinking: true, thinkingBudget: budget }));
      expect(short.thinking.length).toBeLessThan(free.thinking.length);
      expect(free.thinking.startsWith(short.thinking)).toBe(true);
      if (budget === 0) expect(short.thinking).toBe('');
      expect(short.text).not.toBe('');
      expect(short.thinking + short.text).not.toMatch(/<\/?think>/);
    });
  });

  test.for([false, true])('answers in JSON of the shape that was asked for, thinking %s', async (thinking) => {
    const jsonSchema = {
      type: 'object',
      properties: { name: { type: 'string', maxLength: 12 }, size: { enum: ['small', 'big'] }, seen: { type: 'boolean' } },
      required: ['name', 'size', 'seen'],
      additionalProperties: false,
    };
    const { text, thinking: thought } = await answer(
      backend,
      ask('What is the capital of France?', { jsonSchema, thinking, thinkingBudget: 20, maxTokens: 300 }),
    );
    expect(JSON.parse(text)).toEqual({ name: expect.any(String), size: expect.stringMatching(/^(small|big)$/), seen: expect.any(Boolean) });
    expect(thought !== '').toBe(thinking);
  });

  describe('tools', () => {
    test('calls them, and answers from their results', async () => {
      const wrong: unknown[] = [];
      for (const { tools, thinking, messages, expected } of sureCalls) {
        const { text, calls } = await answer(backend, ask(messages, { tools, thinking }));
        const said = { text, calls: calls.map(({ name, arguments: given }) => ({ name, given: JSON.parse(given) as unknown })) };
        const wanted = {
          text: expected.content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
          calls: (expected.toolCalls ?? []).map(({ name, arguments: given }) => ({ name, given: JSON.parse(given) as unknown })),
        };
        if (JSON.stringify(said) !== JSON.stringify(wanted)) wrong.push({ messages, said, wanted });
      }
      expect(wrong).toEqual([]);
      expect(sureCalls.length).toBeGreaterThan(10);
    }, 60_000);

    test('a call, its result and the answer, one after the other', async () => {
      const question = say('user', "What's the weather in Cairo?");
      const called = await answer(backend, ask([question], { tools: [weather] }));
      expect(called.text).toBe('');
      expect(called.stats.stopReason).toBe('end');
      expect(called.calls).toEqual([{ id: expect.any(String), name: 'get_weather', arguments: '{"city":"Cairo"}' }]);
      const result: Message = { ...say('tool', '{"temperature": 8, "condition": "stormy"}'), toolCallId: called.calls[0]!.id };
      const told = await answer(backend, ask([question, { ...say('assistant', ''), toolCalls: called.calls }, result], { tools: [weather] }));
      expect(told.text).toBe('In Cairo it is stormy and 8 degrees.');
      expect(told.calls).toEqual([]);
    });

    test('a question that needs none gets none', async () => {
      const { text, calls } = await answer(backend, ask('Hi!', { tools: [weather] }));
      expect(calls).toEqual([]);
      expect(text).not.toBe('');
    });
  });

  test('holds a conversation of fifty turns', async () => {
    const messages = [say('system', 'Be concise.')];
    for (let turn = 1; turn <= 50; turn++) {
      messages.push(say('user', turn === 1 ? 'My name is Ada.' : turn === 50 ? 'Hi!' : `What is ${turn % 10} plus 1?`));
      const { text, stats } = await answer(backend, ask(messages, { maxTokens: 24 }));
      expect(stats.promptTokens).toBeLessThan(4096);
      expect(text).not.toBe('');
      messages.push(say('assistant', text));
    }
    expect(messages).toHaveLength(101);
  }, 60_000);

  describe('a conversation that is longer than the context', () => {
    const turns = Array.from({ length: 24 }, (_, index) => [say('user', `${index} ${'one two three four '.repeat(60)}`), say('assistant', 'Yes.')]).flat();
    const long = [say('system', 'Be concise.'), ...turns, say('user', 'Hi!')];

    test('stops by itself', () => expect(answer(backend, ask(long))).rejects.toMatchObject({ code: 'engine.contextFull', data: { context: 4096 } }));

    test.for(['dropOldest', 'keepEnds'] as const)('%s: answers, and says what was left out', async (overflow) => {
      const { events, text, stats } = await answer(backend, ask(long, { overflow, maxTokens: 40 }));
      expect(events[0]).toEqual({ type: 'dropped', messages: expect.any(Number), tokens: expect.any(Number) });
      const dropped = events[0] as { messages: number; tokens: number };
      expect(dropped.messages % 2).toBe(0);
      expect(dropped.messages).toBeGreaterThan(0);
      expect(dropped.messages).toBeLessThan(48);
      expect(stats.promptTokens).toBeLessThan(4096 - 40);
      expect(stats.promptTokens).toBeGreaterThan(1500);
      expect(text).not.toBe('');
    });

    test('a last question that is too long by itself stops all the same', () =>
      expect(answer(backend, ask([...turns, say('user', 'one two three four '.repeat(1500))], { overflow: 'dropOldest' }))).rejects.toMatchObject({
        code: 'engine.contextFull',
      }));

    test('the ledger counts what fills it', async () => {
      const messages = long.slice(0, 5);
      const { stats } = await answer(backend, ask(messages));
      const ledger = await backend.ledger(ask(messages));
      expect(ledger).toMatchObject({ context: 4096, total: stats.promptTokens, images: 0, thinking: 0, tools: 0 });
      expect(ledger.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user', 'assistant']);
      expect(ledger.system).toBe(ledger.messages[0]!.tokens);
      expect(ledger.messages[1]!.tokens).toBeGreaterThan(ledger.messages[2]!.tokens * 5);
      expect(ledger.messages.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(ledger.total);
    });
  });

  test('stopped while it reads, it says how far it came and is ready for the next', async () => {
    const shares: number[] = [];
    const { stats, text } = await answer(backend, ask('two three four five '.repeat(500)), (event, stop) => {
      if (event.type !== 'prompt') return;
      shares.push(event.processed / event.total);
      if (event.processed > 0 && event.processed < event.total) stop();
    });
    expect(stats).toMatchObject({ stopReason: 'stopped', tokens: 0 });
    expect(text).toBe('');
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBeLessThan(1);
    expect((await answer(backend, ask('Hi!'))).text).toBe('Hello! How can I help you today?');
  });

  if (engine.vision)
    test('sees several pictures, in one message and in one conversation', async () => {
      const [one, other] = [surePictures[0]!, surePictures.find(({ file }) => file !== surePictures[0]!.file)!];
      const show = (files: string[], text: string): Message => ({
        role: 'user',
        content: [...files.map((path) => ({ type: 'image' as const, path })), { type: 'text', text }],
      });
      const first = await answer(backend, ask([show([one.file], one.q)]));
      expect(first.text).toBe(one.a);
      const second = await answer(backend, ask([show([one.file], one.q), say('assistant', first.text), show([other.file], other.q)]));
      expect(second.text).toBe(other.a);
      const both = await answer(backend, ask([show([one.file, other.file], other.q)], { maxTokens: 30 }));
      expect(both.text).not.toBe('');
      const ledger = await backend.ledger(ask([show([one.file, other.file], other.q)]));
      expect(ledger.total).toBe(both.stats.promptTokens);
      expect(ledger.images).toBeGreaterThan(2 * 8);
      expect(ledger.images).toBeLessThan(ledger.total);

      // Pictures cost what they cost, not the most that one may.
      const turns = [one, other, one, other].flatMap(({ file, q, a }) => [show([file], q), say('assistant', a)]);
      const long = [...turns, show([one.file], one.q)];
      const whole = await answer(backend, ask(long, { overflow: 'dropOldest', maxTokens: 30 }));
      expect(whole.events.filter(({ type }) => type === 'dropped')).toEqual([]);
      const sheet = await backend.ledger(ask(long));
      expect(sheet.total).toBe(whole.stats.promptTokens);
      expect(sheet.messages.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(sheet.total);
    });
});

describe.for(engines)('$name with a model that recommends a sampling', (engine) => {
  test('draws as asked: what nobody shows is not applied', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'recommends-')), 'model.gguf');
    writeWithNumbers(quant.q4, file, { 'general.sampling.penalty_repeat': 2, 'general.sampling.mirostat': 2, 'general.sampling.temp': 2 });
    const { backend } = await open(engine, file);
    expect((await answer(backend, ask('Repeat: one one one one two'))).text).toBe('one one one one two');
    const warm = ask('Tell me something.', { temperature: 1, topK: 1, maxTokens: 40 });
    expect((await answer(backend, warm)).text).toContain('hinghinghing');
    await backend.dispose();
    rmSync(path.dirname(file), { recursive: true });
  });
});

describe.for(engines.filter(({ name }) => name === 'llama-server'))('$name with a draft model', (engine) => {
  test('guesses ahead, says how many were right, and answers the same', async () => {
    const plain = await open(engine, quant.q4);
    const { text } = await answer(plain.backend, ask('Count from 1 to 100.'));
    await plain.backend.dispose();
    // Its own twin: every guess is right.
    const { backend } = await open(engine, quant.q4, {}, { speculation: { type: 'draft', model: quant.q4 } });
    const guessed = await answer(backend, ask('Count from 1 to 100.'));
    await backend.dispose();
    expect(guessed.text).toBe(text);
    expect(guessed.stats.draft!.guessed).toBeGreaterThan(50);
    expect(guessed.stats.draft!.accepted).toBeGreaterThan(guessed.stats.draft!.guessed * 0.9);
  });
});
