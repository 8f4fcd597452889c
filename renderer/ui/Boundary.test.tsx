/** What stands in place of a part that broke or that could not be fetched. */
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type ReactNode, Suspense } from 'react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test, vi } from 'vitest';
import { createI18n, type Language } from '../i18n.ts';
import { Boundary } from './Boundary.tsx';
import { lazyPart } from './lazyPart.ts';

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function show(part: ReactNode, { language = 'en', inPlace = false }: { language?: Language; inPlace?: boolean } = {}) {
  // React tells every error that a boundary caught.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  render(
    <I18nextProvider i18n={createI18n(language)}>
      <p>The rest</p>
      <Boundary inPlace={inPlace}>
        <Suspense fallback="Loading">{part}</Suspense>
      </Boundary>
    </I18nextProvider>,
  );
  return userEvent.setup();
}
const Gone = lazyPart(() => import(/* @vite-ignore */ `./gone-${'a1b2c3'}.js`));

function Part({ isBroken }: { isBroken(): boolean }): string {
  if (isBroken()) throw new Error('A bug');
  return 'It works';
}

test.each([false, true])('a part whose file is gone says so and offers to reload the page (in place: %s)', async (inPlace) => {
  const reload = vi.spyOn(window.location, 'reload').mockImplementation(() => {});
  const user = show(<Gone />, { inPlace });
  expect((await screen.findByRole('alert')).textContent).toContain('It could not be fetched, most often because the app was updated while this page was open.');
  screen.getByText('The rest');
  await user.click(screen.getByRole('button', { name: 'Reload' }));
  expect(reload).toHaveBeenCalledOnce();
});

test('the same in French', async () => {
  show(<Gone />, { language: 'fr' });
  await screen.findByText(/^Elle n’a pas pu être chargée/);
  screen.getByRole('button', { name: 'Recharger' });
});

test('a view with a bug can be opened again', async () => {
  let broken = true;
  const user = show(<Part isBroken={() => broken} />);
  await screen.findByRole('heading', { level: 1, name: 'This part of the app ran into a problem' });
  broken = false;
  await user.click(screen.getByRole('button', { name: 'Open again' }));
  await screen.findByText('It works');
});
