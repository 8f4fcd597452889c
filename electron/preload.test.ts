/** What the preload gives to the page, with Electron's parts faked. */
import { expect, test, vi } from 'vitest';

const given: Record<string, unknown> = {};
const sent: unknown[][] = [];
vi.mock('electron', () => ({
  contextBridge: { exposeInMainWorld: (name: string, api: unknown) => Object.assign(given, { [name]: api }) },
  ipcRenderer: { on: () => {}, send: (...message: unknown[]) => sent.push(message) },
  webUtils: { getPathForFile: (file: File) => `/home/ada/${file.name}` },
}));
await import('./preload.ts');
const api = given.atelier as { connect(nonce: unknown): void; pathForFile(file: unknown): string };

test('the page gets two functions and nothing else of Electron', () => {
  expect(Object.keys(given)).toEqual(['atelier']);
  expect(Object.keys(api).sort()).toEqual(['connect', 'pathForFile']);
});

test('the place of a file, and of nothing that is not one', () => {
  expect(api.pathForFile(new File([''], 'model.gguf'))).toBe('/home/ada/model.gguf');
  for (const other of [undefined, '/etc/passwd', { name: 'model.gguf' }]) expect(api.pathForFile(other)).toBe('');
});

test('only a short nonce asks for a port', () => {
  api.connect('n'.repeat(64));
  api.connect('n'.repeat(65));
  api.connect({ nonce: 'n' });
  expect(sent).toEqual([['atelier:port', 'n'.repeat(64)]]);
});
