/** Both languages say the same things, and every error says what to do. */
import { expect, test } from 'vitest';
import { createFormat } from '../shared/format.ts';
import { type ErrorCode, errorCodes } from '../shared/result.ts';
import { crashCause } from '../shared/schemas/engine.ts';
import { moveProblem } from '../shared/schemas/library.ts';
import { errorSentence } from './errorSentence.ts';
import { createI18n, languages, pickLanguage } from './i18n.ts';

type Messages = { [key: string]: string | Messages };
const files = import.meta.glob<Messages>('../shared/i18n/*/*.json', { eager: true, import: 'default' });

/** Each message's path without its plural form, with the placeholders in it. */
function shape(messages: Messages, path = ''): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [key, value] of Object.entries(messages)) {
    const here = path ? `${path}.${key}` : key;
    if (typeof value === 'object') {
      for (const [inner, names] of shape(value, here)) found.set(inner, names);
    } else {
      const plain = here.replace(/_(zero|one|two|few|many|other)$/, '');
      found.set(plain, new Set([...(found.get(plain) ?? []), ...[...value.matchAll(/\{\{(\w+)/g)].map(([, name]) => name ?? '')]));
    }
  }
  return found;
}

const namespaces = Object.keys(files)
  .filter((path) => path.includes('/en/'))
  .map((path) => path.split('/').at(-1) ?? '');

test.each(namespaces)('%s has the same messages with the same values in both languages', (file) => {
  const [en, fr] = languages.map((language) => shape(files[`../shared/i18n/${language}/${file}`] ?? {}));
  expect(en?.size).toBeGreaterThan(0);
  expect(fr).toEqual(en);
});

test('French plurals have all three forms', () => {
  const forms = (messages: Messages): string[] => Object.entries(messages).flatMap(([key, value]) => (typeof value === 'object' ? forms(value) : [key]));
  for (const [path, messages] of Object.entries(files).filter(([path]) => path.includes('/fr/'))) {
    const keys = forms(messages);
    for (const key of keys.filter((each) => each.endsWith('_one'))) {
      expect(keys, path).toEqual(expect.arrayContaining([key.replace('_one', '_many'), key.replace('_one', '_other')]));
    }
  }
});

/** As in the comments of shared/result.ts. */
const data: Partial<Record<ErrorCode, Record<string, unknown>>> = {
  'hub.unreachable': { endpoint: 'https://huggingface.co' },
  'hub.gated': { repo: 'a/b', url: 'https://huggingface.co/a/b' },
  'hub.notFound': { repo: 'a/b' },
  'hub.rateLimited': { seconds: 30 },
  'hub.server': { status: 503 },
  'hub.badAnswer': { endpoint: 'https://huggingface.co' },
  'hub.refusedRedirect': { host: 'example.org' },
  'hub.unsafeName': { path: '../x' },
  'network.certificate': { endpoint: 'https://huggingface.co' },
  'gguf.version': { file: 'm.gguf', version: 1 },
  'gguf.architecture': { file: 'm.gguf', architecture: 'newmodel' },
  'download.diskFull': { missing: 3_400_000_000 },
  'download.diskLow': { missing: 3_400_000_000 },
  'download.readOnly': { folder: '/media/usb/models' },
  'download.writing': { file: 'm.gguf', reason: 'EIO' },
  'library.missing': { name: 'Qwen3.5 9B', folder: '/media/usb/models' },
  'library.noFile': { path: '/home/ada/model.gguf' },
  'library.notOwn': { app: 'ollama' },
  'library.whichModel': { names: 'Qwen3.5 9B, Qwen3.5 4B' },
  'library.locked': { folder: '/home/ada/models' },
  'engine.loadFailed': { reason: 'unknown tensor' },
  'engine.refused': { reason: 'System role not supported' },
  'engine.projectorMismatch': { projector: 'mmproj.gguf', model: 'm.gguf', expected: 2048, actual: 4096 },
  'engine.contextFull': { used: 9000, context: 8192 },
  'blob.notImage': { name: 'notes.txt' },
  'blob.tooLarge': { name: 'huge.png', limit: 67_108_864 },
  'settings.invalid': { key: 'temperature' },
};

const imperatives = {
  en: /\b(try|check|choose|set|accept|search|sign|use|free|resume|start|cancel|delete|download|load|eject|wait|reload|attach|open|update|report|reinstall|install|search|do so|connect|remove|rename|import|put|compare)\b/i,
  fr: /(?<!\p{L})(essayez|réessayez|vérifiez|choisissez|indiquez|cherchez|identifiez|utilisez|libérez|reprenez|relancez|annulez|supprimez|téléchargez|télécharger|chargez|rechargez|éjectez|attendez|joignez|mettez|commencez|faites-le|branchez|renommez|installez|importez|placez|comparez)/iu,
};

for (const language of languages) {
  test(`every error code has a whole sentence in ${language} that says what to do`, () => {
    const t = createI18n(language).getFixedT(language, 'errors');
    for (const code of errorCodes) {
      const sentence = errorSentence(t, createFormat(language), { code, message: 'raw English message', data: { file: '/models/m.gguf', ...data[code] } });
      expect(sentence, code).toMatch(/^[^{}]{20,}[.]$/);
      expect(sentence, code).not.toContain('undefined');
      expect(sentence, code).toMatch(imperatives[language]);
    }
  });
}

const ends = languages.flatMap((language) => (['engine.crashed', 'engine.loadFailed'] as const).map((code) => [language, code] as const));
test.each(ends)('in %s, every end of the engine that is %s has a sentence of its own that says what to do', (language, code) => {
  const t = createI18n(language).getFixedT(language, 'errors');
  const sentences = crashCause.options.map((cause) => errorSentence(t, createFormat(language), { code, message: '', data: { cause, reason: 'raw' } }));
  expect(new Set(sentences).size).toBe(crashCause.options.length);
  for (const sentence of sentences) {
    expect(sentence).toMatch(/^[^{}]{20,}[.]$/);
    expect(sentence).toMatch(imperatives[language]);
    if (code === 'engine.loadFailed') expect(sentence).not.toMatch(/was written|était écrit|answer/);
  }
});

test.each(languages)('every reason why the models folder stays has a sentence of its own in %s that says what to do', (language) => {
  const t = createI18n(language).getFixedT(language, 'errors');
  const known = { folder: '/media/usb', file: 'm.gguf', missing: 3e9, code: 'EIO' };
  const sentences = moveProblem.options.map((reason) =>
    errorSentence(t, createFormat(language), { code: 'library.cannotMove', message: '', data: { ...known, reason } }),
  );
  expect(new Set(sentences).size).toBe(moveProblem.options.length);
  for (const sentence of sentences) {
    expect(sentence).toMatch(/^[^{}]{20,}[.]$/);
    expect(sentence).toMatch(imperatives[language]);
  }
});

test('no line breaks between a French sign and its word', () => {
  const say = createI18n('fr').getFixedT('fr', 'app');
  expect(say('strip.switch', { name: 'Qwen' })).toBe('Modèle chargé\u00a0: Qwen. En changer');
  expect(createI18n('fr').getFixedT('fr', 'chat')('deleted.chat', { title: 'Poires' })).toBe('Discussion «\u00a0Poires\u00a0» supprimée');
});

test('sizes, hosts and names in an error are for people', () => {
  const t = createI18n('en').getFixedT('en', 'errors');
  const say = (code: ErrorCode, values: Record<string, unknown>): string => errorSentence(t, createFormat('en-GB'), { code, message: '', data: values });
  expect(say('download.diskFull', { missing: 3_400_000_000 })).toContain('3.4 GB');
  expect(say('hub.unreachable', { endpoint: 'https://huggingface.co' })).toMatch(/^huggingface\.co cannot/);
  expect(say('gguf.truncated', { file: '/home/ada/models/x/m.gguf' })).toMatch(/^m\.gguf is cut off/);
  expect(say('engine.outOfMemory', { needed: 9.1 * 2 ** 30, free: 7.4 * 2 ** 30 })).toContain('needs 9.1 GB, 7.4 GB free');
  expect(say('engine.contextFull', { used: 9000, context: 8192 })).toContain('9,000 of 8,192 tokens');
  expect(say('engine.noVision', { reason: 'cmake' })).toContain('CMake');
});

test('the language is the chosen one, else the first that the browser and we share', () => {
  expect(pickLanguage('fr', ['en-GB'])).toBe('fr');
  expect(pickLanguage('system', ['de-DE', 'fr-CA', 'en'])).toBe('fr');
  expect(pickLanguage('system', ['de-DE'])).toBe('en');
});
