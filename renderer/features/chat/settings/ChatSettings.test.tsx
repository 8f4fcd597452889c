/** Settings of one chat: said, inherited, chosen by name. */
import { Tooltip } from '@base-ui/react/tooltip';
import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import { useStore } from 'zustand/react';
import type { Chat } from '../../../../shared/schemas/chat.ts';
import { defaultSettings, type Settings } from '../../../../shared/schemas/settings.ts';
import { createI18n } from '../../../i18n.ts';
import { createStores, type Stores, StoresContext, useStores } from '../../../stores/index.ts';
import { libraryModel } from '../../../testing/samples.ts';
import { Toasts, undoLast } from '../../../ui/toasts.tsx';
import { newChat } from '../drafts.ts';
import { answerTurn, chatOf, type TestCore, testCore, userTurn } from '../testCore.ts';
import { ChatSettings } from './ChatSettings.tsx';

afterEach(cleanup);

let stores: Stores;
let saved: Settings;
function Opened() {
  const chatId = useStore(useStores().ui, (state) => state.id);
  return <ChatSettings chatId={chatId} />;
}

/** The button for a chat with a model that recommends a temperature and a top K. */
async function show(
  own: Chat['settings'] | undefined,
  settings: Partial<Settings> = {},
): Promise<{ core: TestCore; user: ReturnType<typeof userEvent.setup> }> {
  saved = { ...defaultSettings, ...settings };
  const chat = chatOf([userTurn('q', [{ type: 'text', text: 'Q' }]), answerTurn('a', 'A')], { settings: own ?? {} });
  const core = testCore([chat], {
    'settings.change': (change) => {
      saved = { ...saved, ...(change as Partial<Settings>) };
      return saved;
    },
  });
  window.location.hash = own ? '#/chat/c1' : '#/chat';
  stores = createStores(core.client);
  stores.settings.setState({ settings: saved });
  stores.library.setState({ models: [libraryModel({ id: 'm', name: 'Qwen', sampling: { temperature: 0.6, topK: 20 } })] });
  stores.engine.setState({ state: { status: 'idle', last: 'm' } });
  stores.turn.getState().open(own ? 'c1' : undefined);
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <StoresContext value={stores}>
        <Tooltip.Provider>
          <Opened />
          <Toasts />
        </Tooltip.Provider>
      </StoresContext>
    </I18nextProvider>,
  );
  if (own) await waitFor(() => expect(stores.turn.getState().chat).toBeDefined());
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: /^Settings of this chat/ }));
  await screen.findByRole('dialog', { name: 'Settings of this chat' });
  return { core, user };
}
const number = (name: string) => screen.getByRole<HTMLInputElement>('spinbutton', { name });
/** What a screen reader says after the field's name. */
const description = (element: HTMLElement): string =>
  (element.getAttribute('aria-describedby') ?? '')
    .split(' ')
    .map((id) => document.getElementById(id)?.textContent ?? '')
    .join(' ');

test('each value says where it comes from: chat over model over settings over the model’s own over llama.cpp', async () => {
  await show({ topP: 0.5 }, { sampling: { temperature: 0.3 }, modelAnswers: { m: { minP: 0.2 } } });
  expect([number('Top P').value, description(number('Top P'))]).toEqual(['0.5', expect.stringContaining('this chat')]);
  expect([number('Min P').value, description(number('Min P'))]).toEqual(['0.2', expect.stringContaining('kept for this model')]);
  expect([number('Temperature').value, description(number('Temperature'))]).toEqual(['0.3', expect.stringContaining('from the settings')]);
  expect([number('Top K').value, description(number('Top K'))]).toEqual(['20', expect.stringContaining('the model recommends')]);
  expect([number('Repeat penalty').value, description(number('Repeat penalty'))]).toEqual(['1', expect.stringContaining('as llama.cpp does')]);
});

test('a value of this chat goes to the core when it is written, and back to what is inherited at its button', async () => {
  const { core, user } = await show({});
  await user.clear(number('Temperature'));
  await user.type(number('Temperature'), '0.25{Enter}');
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({ temperature: 0.25 }));
  await user.type(screen.getByRole('textbox', { name: 'System prompt' }), 'Be brief.');
  await user.tab();
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({ temperature: 0.25, systemPrompt: 'Be brief.' }));
  await user.click(screen.getByRole('button', { name: 'Temperature: back to 0.6' }));
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({ systemPrompt: 'Be brief.' }));
  expect(number('Temperature').value).toBe('0.6');
  expect(screen.getByRole('button', { name: 'Settings of this chat: 1 of its own', hidden: true })).toBeTruthy();
});

test('what is out of its range is said, and not sent', async () => {
  const { core, user } = await show({});
  await user.clear(number('Top K'));
  await user.type(number('Top K'), '2.5');
  expect(screen.getByRole('alert').textContent).toBe('A whole number from 0 to 1,000.');
  await user.tab();
  expect(number('Top K').value).toBe('20');
  expect(core.calls.filter(({ method }) => method === 'chat.settings')).toEqual([]);
});

test('what was written is kept when the panel goes away under it', async () => {
  const { core, user } = await show({});
  await user.type(screen.getByRole('textbox', { name: 'System prompt' }), 'Be brief.');
  cleanup();
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({ systemPrompt: 'Be brief.' }));
});

test('a preset is chosen, taken back, and one’s own is saved and chosen', async () => {
  const { core, user } = await show({ systemPrompt: 'Be brief.', repeatPenalty: 1.4 });
  const choose = async (name: string): Promise<void> => {
    await user.click(screen.getByRole('button', { name: 'Presets' }));
    await user.click(await screen.findByRole('menuitem', { name }));
  };
  await choose('Precise');
  const precise = { systemPrompt: 'Be brief.', temperature: 0.2, topK: 20, topP: 0.9, minP: 0.1 };
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual(precise));
  act(() => void undoLast());
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({ systemPrompt: 'Be brief.', repeatPenalty: 1.4 }));

  await user.click(screen.getByRole('button', { name: 'Save as preset…' }));
  await user.type(screen.getByRole('textbox', { name: 'Name of the preset' }), 'Ter{Escape}');
  expect(screen.getByRole('dialog', { name: 'Settings of this chat' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Save as preset…' }));
  expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'Name of the preset' }));
  await user.type(screen.getByRole('textbox', { name: 'Name of the preset' }), 'Terse{Enter}');
  await waitFor(() => expect(saved.presets).toMatchObject([{ name: 'Terse', settings: { systemPrompt: 'Be brief.', repeatPenalty: 1.4 } }]));
  await user.click(await screen.findByRole('button', { name: 'Back to the settings for all' }));
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({}));
  await choose('Terse');
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({ systemPrompt: 'Be brief.', repeatPenalty: 1.4 }));

  await choose('Precise');
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual(precise));
  await user.click(screen.getByRole('button', { name: 'Save as preset…' }));
  await user.type(screen.getByRole('textbox', { name: 'Name of the preset' }), 'Terse{Enter}');
  await waitFor(() => expect(saved.presets).toMatchObject([{ name: 'Terse', settings: precise }]));
  act(() => void undoLast());
  await waitFor(() => expect(saved.presets).toMatchObject([{ name: 'Terse', settings: { systemPrompt: 'Be brief.', repeatPenalty: 1.4 } }]));
});

test('what is said for this chat is kept for its model, and that is undone', async () => {
  const { core, user } = await show({ temperature: 0.1 });
  await user.click(screen.getByRole('button', { name: 'Keep for Qwen' }));
  await waitFor(() => expect(saved.modelAnswers).toEqual({ m: { temperature: 0.1 } }));
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({}));
  expect(description(number('Temperature'))).toContain('kept for this model');
  act(() => void undoLast());
  await waitFor(() => expect([saved.modelAnswers, core.chats.get('c1')?.settings]).toEqual([{}, { temperature: 0.1 }]));
});

test('a chat that is not begun yet has its settings too: its first message takes them along', async () => {
  const { core, user } = await show(undefined);
  await user.clear(number('Seed'));
  await user.type(number('Seed'), '7{Enter}');
  expect(within(screen.getByRole('dialog')).getByRole('button', { name: 'Seed: back to -1' })).toBeTruthy();
  expect(stores.drafts.getState().drafts[newChat]?.settings).toEqual({ seed: 7 });
  expect(core.calls.filter(({ method }) => method === 'chat.settings')).toEqual([]);
});
