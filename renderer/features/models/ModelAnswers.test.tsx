/** What a model's details say of how it answers. */
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';
import { libraryModel } from '../../testing/samples.ts';
import { undoLast } from '../../ui/toasts.tsx';

afterEach(cleanup);

async function details(sampling: object | undefined, kept: object | undefined) {
  const fake = createFakeCore();
  const model = libraryModel(sampling && { sampling });
  fake.library.push([model]);
  if (kept) fake.settings.push({ ...fake.settings.value, modelAnswers: { [model.id]: kept } });
  const { user } = renderApp(fake, 'models');
  await user.click(await screen.findByRole('button', { name: /^Details/ }));
  return { fake, user, model, dialog: await screen.findByRole('dialog') };
}

test('what its makers recommend, and what is kept for it, which can be forgotten and taken back', async () => {
  const { fake, user, model, dialog } = await details(
    { temperature: 0.6, topK: 20 },
    { systemPrompt: 'Be brief.', overflow: 'keepEnds', maxTokens: 0, thinking: true },
  );
  expect(within(dialog).getByRole('region', { name: 'Recommended by the model' }).textContent).toBe('Recommended by the modelTemperature0.6Top K20');
  const kept = within(dialog).getByRole('region', { name: 'Kept for this model' });
  expect(kept.textContent).toContain(
    'System promptBe brief.Longer than the contextKeeps the beginning and the endLongest answerAs long as the context lastsThink before answeringon',
  );
  await user.click(within(kept).getByRole('button', { name: 'Forget what is kept' }));
  await waitFor(() => expect(within(dialog).queryByRole('region', { name: 'Kept for this model' })).toBeNull());
  expect(fake.settings.value.modelAnswers).toEqual({});
  undoLast();
  await waitFor(() => expect(fake.settings.value.modelAnswers[model.id]).toMatchObject({ systemPrompt: 'Be brief.' }));
});

test('nothing is said where there is nothing', async () => {
  const { dialog } = await details(undefined, undefined);
  expect(within(dialog).queryAllByRole('region')).toEqual([]);
});
