/** i18next with our typed messages, and numbers in the person's language. */
import i18next, { type i18n } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { createFormat, type Format } from '../shared/format.ts';
import type answers from '../shared/i18n/en/answers.json';
import type app from '../shared/i18n/en/app.json';
import type chat from '../shared/i18n/en/chat.json';
import type discover from '../shared/i18n/en/discover.json';
import type downloads from '../shared/i18n/en/downloads.json';
import type engine from '../shared/i18n/en/engine.json';
import type errors from '../shared/i18n/en/errors.json';
import type models from '../shared/i18n/en/models.json';
import type selfTest from '../shared/i18n/en/selfTest.json';
import type settings from '../shared/i18n/en/settings.json';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'app';
    resources: {
      answers: typeof answers;
      app: typeof app;
      chat: typeof chat;
      discover: typeof discover;
      downloads: typeof downloads;
      engine: typeof engine;
      errors: typeof errors;
      models: typeof models;
      selfTest: typeof selfTest;
      settings: typeof settings;
    };
  }
}

export const languages = ['en', 'fr'] as const;
export type Language = (typeof languages)[number];

const files = import.meta.glob<Record<string, unknown>>('../shared/i18n/*/*.json', { eager: true, import: 'default' });

/** The files have plain spaces where French parts a sign from its word; on screen no line may break there. */
const unbroken = (messages: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(messages).replaceAll(/ (?=[;:?!»])|(?<=«) /g, '\u00a0'));

const resources: Record<string, Record<string, Record<string, unknown>>> = {};
for (const [path, messages] of Object.entries(files)) {
  const [, language = '', namespace = ''] = /([^/]+)\/([^/]+)\.json$/.exec(path) ?? [];
  resources[language] = { ...resources[language], [namespace]: language === 'fr' ? unbroken(messages) : messages };
}

/** The language to use: the person's choice, else the first of the browser's that we have, else English. */
export function pickLanguage(choice: 'system' | Language, preferred: readonly string[] = navigator.languages): Language {
  if (choice !== 'system') return choice;
  for (const tag of preferred) {
    const found = languages.find((language) => tag.toLowerCase().startsWith(language));
    if (found) return found;
  }
  return 'en';
}

/** Starts i18next; ready when it returns, since every message is in the bundle. */
export function createI18n(language: Language): i18n {
  const instance = i18next.createInstance();
  void instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    defaultNS: 'app',
    ns: Object.keys(resources.en ?? {}),
    resources,
    initAsync: false,
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  return instance;
}

const formats = new Map<string, Format>();

/** Numbers, sizes and times in the language on screen. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  const locale = i18n.language === 'en' ? 'en-GB' : i18n.language;
  let format = formats.get(locale);
  if (!format) {
    format = createFormat(locale);
    formats.set(locale, format);
  }
  return format;
}
