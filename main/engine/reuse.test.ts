/** What is not processed twice: the second turn, an edited turn, a reopened chat; asked of both engines with the tiny hybrid model. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GenerateRequest, Message } from '../../shared/contract/control.ts';
import { writePlainModel } from '../memory/testing/plainModel.ts';
import type { Backend } from './backend.ts';
import { answer, engines, never, open, serverFolder } from './testBackends.ts';
import { ask as askFor, quant, say, surePictures } from './testModel.ts';

/** Short answers: the tiny model goes on and on about what it does not understand. */
const ask = (messages: Message[], maxTokens = 24): GenerateRequest => askFor(messages, { maxTokens });
const words = (count: number): string => 'one two three four '.repeat(count / 4);

describe.for(engines)('$name', (engine) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-states-'));
  let backend: Backend;
  beforeAll(async () => {
    ({ backend } = await open(engine, quant.q4, {}, { stateFolder: folder }));
  });
  afterAll(async () => {
    await backend.dispose();
    rmSync(folder, { recursive: true });
  });

  test('a second turn reads the last answer and the new words only', async () => {
    const first = await answer(backend, ask([say('user', `My name is Ada. ${words(400)}`)]));
    const second = await answer(backend, ask([say('user', `My name is Ada. ${words(400)}`), say('assistant', first.text), say('user', 'Hi!')]));
    expect(second.stats.promptTokens).toBeGreaterThan(first.stats.promptTokens);
    expect(second.read).toBeLessThan(first.stats.tokens + 30);
  });

  test('once settled, a second turn reads the new words only', async () => {
    const question = say('user', 'Count from 1 to 100.');
    const first = await answer(backend, ask([question], 400));
    await backend.settle(0, never);
    const second = await answer(backend, ask([question, say('assistant', first.text), say('user', 'Hi!')]));
    expect(first.stats.tokens).toBeGreaterThan(100);
    expect(second.read).toBeLessThan(15);
    expect(second.text).not.toBe('');
  });

  test('settling can be given up, and nothing is lost by it', async () => {
    const question = say('user', words(400));
    const first = await answer(backend, ask([question]));
    const stop = new AbortController();
    const settling = backend.settle(0, stop.signal);
    stop.abort();
    await settling;
    const second = await answer(backend, ask([question, say('assistant', first.text), say('user', 'Hi!')]));
    expect(second.read).toBeLessThan(first.stats.tokens + 30);
  });

  test('an edited question is read from its own beginning', async () => {
    const before = [say('user', words(600)), say('assistant', 'Yes.')];
    await answer(backend, ask([...before, say('user', 'What is two plus two?')]));
    await backend.settle(0, never);
    const edited = await answer(backend, ask([...before, say('user', 'What is two plus three?')]));
    expect(edited.stats.promptTokens).toBeGreaterThan(600);
    expect(edited.read).toBeLessThan(30);
  });

  test('an edit of an earlier turn does not read what stands before it', async () => {
    const before = [say('user', words(1200)), say('assistant', 'Yes.')];
    const middle = (text: string): Message[] => [...before, say('user', text), say('assistant', 'No.')];
    await answer(backend, ask([...before, say('user', 'What is two plus two?')]));
    await answer(backend, ask([...middle('What is two plus two?'), say('user', 'Hi!')]));
    await answer(backend, ask([...middle('What is two plus two?'), say('user', 'Hi!'), say('assistant', 'Hello!'), say('user', 'Bye')]));
    const edited = await answer(backend, ask([...middle('What is two plus three?'), say('user', 'Hi!')]));
    expect(edited.stats.promptTokens).toBeGreaterThan(1200);
    expect(edited.read).toBeLessThan(400);
  });

  if (engine.vision)
    test('pictures are not looked at again', async () => {
      const { file, q } = surePictures[0]!;
      const seen: Message = {
        role: 'user',
        content: [
          { type: 'image', path: file },
          { type: 'text', text: q },
        ],
      };
      const first = await answer(backend, ask([seen]));
      const second = await answer(backend, ask([seen, say('assistant', first.text), say('user', 'Hi!')]));
      expect(second.read).toBeLessThan(first.stats.tokens + 30);
      await backend.settle(0, never);
      const third = await answer(backend, ask([seen, say('assistant', first.text), say('user', 'Hi!'), say('assistant', second.text), say('user', 'Thanks')]));
      expect(third.read).toBeLessThan(15);
    });

  describe('a state on disk', () => {
    const history = [say('user', `My name is Ada. ${words(2000)}`)];

    test('a reopened chat answers as if it had never been closed, without being read again', async () => {
      const file = path.join(folder, 'chat.state');
      const first = await answer(backend, ask(history));
      const saved = await backend.saveState(file, 0);
      expect(saved.bytes).toBe(statSync(file).size);
      const next = [...history, say('assistant', first.text), say('user', 'What is my name?')];
      const here = await answer(backend, ask(next));

      const { backend: fresh } = await open(engine, quant.q4, {}, { stateFolder: folder });
      expect(await fresh.restoreState(file, 0)).toEqual({ tokens: saved.tokens, bytes: expect.any(Number) });
      const reopened = await answer(fresh, ask(next));
      await fresh.dispose();
      expect(reopened.text).toBe(here.text);
      expect(reopened.stats.promptTokens).toBeGreaterThan(2000);
      expect(reopened.read).toBeLessThan(20);
    });

    if (engine.vision)
      test('with a picture in it', async () => {
        const file = path.join(folder, 'picture.state');
        const { file: picture, q, a } = surePictures[0]!;
        const seen: Message = {
          role: 'user',
          content: [
            { type: 'image', path: picture },
            { type: 'text', text: q },
          ],
        };
        expect((await answer(backend, ask([seen]))).text).toBe(a);
        await backend.saveState(file, 0);
        await answer(backend, ask([say('user', 'Something else.')]));
        await backend.restoreState(file, 0);
        const reopened = await answer(backend, ask([seen, say('assistant', a), say('user', 'Hi!')]));
        expect(reopened.stats.promptTokens).toBeGreaterThan(15);
        expect(reopened.read).toBeLessThan(15);
      });

    test('an answer that filled the context is kept as it is, for a load with more', async () => {
      const [model, file] = [path.join(folder, 'plain.gguf'), path.join(folder, 'full.state')];
      writePlainModel(model, 2);
      const openPlain = (contextSize: number) =>
        open({ ...engine, vision: false }, model, { contextSize }, { stateFolder: folder, ...(serverFolder && { serverFolder }) });
      const { backend: small } = await openPlain(512);
      const full = await answer(small, ask([say('user', words(380))], 1_000));
      expect(full.stats.stopReason).toBe('context');
      expect((await small.saveState(file, 0)).tokens).toBeGreaterThan(500);
      await small.dispose();
      const { backend: large } = await openPlain(1024);
      await large.restoreState(file, 0);
      const next = await answer(large, ask([say('user', words(380)), say('assistant', full.text), say('user', 'Go on.')]));
      await large.dispose();
      expect(next.stats.cachedTokens).toBeGreaterThan(450);
    });

    test('a file that is none leaves the engine usable', async () => {
      const file = path.join(folder, 'broken.state');
      writeFileSync(file, 'nothing');
      await expect(backend.restoreState(file, 0)).rejects.toThrow();
      expect((await answer(backend, ask([say('user', 'Hi!')]))).text).toBe('Hello! How can I help you today?');
    });
  });
});
