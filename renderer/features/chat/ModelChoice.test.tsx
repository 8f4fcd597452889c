/** Choosing who answers, and comparing answers, over a core in memory. */
import { Tooltip } from '@base-ui/react/tooltip';
import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test, vi } from 'vitest';
import type { EngineState } from '../../../shared/schemas/engine.ts';
import { defaultLoadSettings } from '../../../shared/schemas/memory.ts';
import { createI18n } from '../../i18n.ts';
import { createStores, StoresContext } from '../../stores/index.ts';
import '../../testing/intersectionObserver.ts';
import { libraryModel, loadedModel } from '../../testing/samples.ts';
import { ChatView } from './ChatView.tsx';
import { answerTurn, chatOf, testCore, userTurn } from './testCore.ts';

// KaTeX looks for a doctype, which the test's document lacks, when it is imported.
vi.hoisted(() => Object.defineProperty(document, 'compatMode', { value: 'CSS1Compat' }));
afterEach(cleanup);

const [qwen, tiny] = [libraryModel(), libraryModel({ id: 'tiny/Tiny-Q8_0.gguf', name: 'Tiny', label: 'Q8_0' })];
const others = [{ modelId: tiny.id, asked: defaultLoadSettings, model: loadedModel(tiny.id), answering: false }];
const ready = (more: object): EngineState => ({
  status: 'ready',
  modelId: qwen.id,
  asked: defaultLoadSettings,
  answering: false,
  model: loadedModel(qwen.id),
  ...more,
});

/** A chat that Qwen answered. */
function show(state: EngineState) {
  const turns = [userTurn('q', [{ type: 'text', text: 'Count' }]), answerTurn('a', 'One', { modelId: qwen.id })];
  const core = testCore([chatOf(turns)], { 'engine.load': () => {} });
  const stores = createStores(core.client);
  stores.engine.setState({ state });
  stores.library.setState({ models: [qwen, tiny] });
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <StoresContext value={stores}>
        <Tooltip.Provider>
          <ChatView chatId="c1" />
        </Tooltip.Provider>
      </StoresContext>
    </I18nextProvider>,
  );
  return { core, stores, user: userEvent.setup() };
}

test('the composer names who answers and lets another loaded model answer', async () => {
  const { core, user, stores } = show(ready({ others }));
  await user.click(await screen.findByRole('button', { name: 'Answers: Qwen3.5 9B Q4_K_M. Choose another model' }));
  const choices = await screen.findByRole('group', { name: 'Answers the next message' });
  await user.click(within(choices).getByRole('menuitemradio', { name: /^Tiny Q8_0/ }));
  await waitFor(() => expect(core.calls).toEqual([{ method: 'engine.load', input: { id: tiny.id } }]));
  act(() => stores.engine.setState({ state: { status: 'idle', last: qwen.id } }));
  expect(screen.queryByRole('button', { name: /^Answers:/ })).toBeNull();
});

test('an answer says who gave it, and another loaded model can be asked the same', async () => {
  const { core, user } = show(ready({ others }));
  const answer = await screen.findByRole('article', { name: 'Answer' });
  within(answer).getByText('Qwen3.5 9B Q4_K_M');
  await user.click(within(answer).getByRole('button', { name: 'Answer again with another model' }));
  expect((await screen.findAllByRole('menuitem')).map((item) => item.textContent)).toEqual(['Tiny Q8_0']);
  await user.click(screen.getByRole('menuitem'));
  await waitFor(() =>
    expect(core.calls.map(({ method, input }) => [method, input])).toEqual([
      ['engine.load', { id: tiny.id }],
      ['chat.retry', { turnId: 'a' }],
    ]),
  );
});

test('a model that went for the one that is loading is told where one waits for it', async () => {
  const ejected = [{ modelId: tiny.id, forRoom: true, freed: { ram: 2 ** 30 } }];
  show({ status: 'loading', modelId: qwen.id, asked: defaultLoadSettings, stage: 'loading', progress: 0.5, ejected });
  await screen.findByText('Tiny Q8_0 was ejected to make room: 1.0 GB of RAM came back.');
});

test('with one model there is nobody else to ask; after a failed load the others are offered', async () => {
  const { core, user, stores } = show(ready({}));
  await screen.findByRole('article', { name: 'Answer' });
  expect(screen.queryByRole('button', { name: 'Answer again with another model' })).toBeNull();
  act(() =>
    stores.engine.setState({
      state: { status: 'failed', modelId: qwen.id, error: { code: 'engine.loadFailed', message: '', data: { reason: 'no' } }, others },
    }),
  );
  await user.click(await screen.findByRole('button', { name: 'Answer with Tiny Q8_0' }));
  await waitFor(() => expect(core.calls).toEqual([{ method: 'engine.load', input: { id: tiny.id } }]));
});
