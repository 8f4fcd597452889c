/** The network section over a fake core. */
import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Fault } from '../../../shared/result.ts';
import { createFakeCore } from '../../testing/fakeCore.ts';
import { renderApp } from '../../testing/renderApp.tsx';

afterEach(cleanup);

test('a token is given once, tested by whose it is, and forgotten; the field never shows it', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'settings', 'network');
  const field = await screen.findByLabelText('Access token');
  await screen.findByText(/It is sent to huggingface\.co only/);
  await user.click(screen.getByRole('button', { name: 'Test: Access token' }));
  expect((await screen.findByText(/^No access token is set/)).textContent).toContain('Paste one');
  await user.type(field, ' hf_secret {Enter}');
  await waitFor(() => expect(fake.calls).toContainEqual({ method: 'network.setToken', input: { token: 'hf_secret' } }));
  await waitFor(() => expect((field as HTMLInputElement).value).toBe(''));
  await user.click(screen.getByRole('button', { name: 'Test: Access token' }));
  await screen.findByText('This token works. It belongs to ada.');
  await user.click(await screen.findByRole('button', { name: 'Forget: Access token' }));
  await waitFor(() => expect(fake.calls).toContainEqual({ method: 'network.setToken', input: { token: null } }));
});

test('a proxy is written down without its password; what is no address is not saved', async () => {
  const fake = createFakeCore();
  const { user } = renderApp(fake, 'settings');
  await user.click(await screen.findByRole('combobox', { name: 'Proxy' }));
  await user.click(await screen.findByRole('option', { name: 'This one' }));
  const address = await screen.findByLabelText('Address of the proxy');
  await user.type(address, 'proxy:3128');
  await screen.findByText(/^This is no address/);
  await user.tab();
  expect(fake.settings.value.network.proxyAddress).toBe('');
  await user.clear(address);
  await user.type(address, 'http://ada:pass%20word@proxy:3128{Enter}');
  await waitFor(() => expect(fake.settings.value.network.proxyAddress).toBe('http://ada@proxy:3128'));
  expect(fake.calls).toContainEqual({ method: 'network.setProxyPassword', input: { password: 'pass word' } });
});

test('a test that goes wrong says so in a sentence, and can be stopped', async () => {
  let fail = (_: unknown): void => {};
  const fake = createFakeCore({
    'network.test': (_, { signal }) =>
      new Promise((__, reject) => {
        fail = reject;
        signal.addEventListener('abort', () => reject(new Fault('cancelled', 'Cancelled')));
      }),
  });
  const { user } = renderApp(fake, 'settings');
  await user.click(await screen.findByRole('button', { name: 'Test: Certificates' }));
  await screen.findByText('Testing…');
  fail(new Fault('network.caFile', 'raw', { file: '/etc/company.pem' }));
  await screen.findByText(/^company\.pem holds no certificates/);
  await user.click(screen.getByRole('button', { name: 'Test: Hub' }));
  await user.click(await screen.findByRole('button', { name: 'Stop the test: Hub' }));
  await waitFor(() => expect(screen.queryByText('Testing…')).toBeNull());
});

test('the place network of the settings gets the focus', async () => {
  renderApp(createFakeCore(), 'settings', 'network');
  await waitFor(() => expect(document.activeElement?.textContent).toBe('Network'));
});
