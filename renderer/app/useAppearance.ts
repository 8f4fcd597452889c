/** Brings the settings for language and theme onto the page. */
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { pickLanguage } from '../i18n.ts';
import { useStores } from '../stores/index.ts';

/** Keeps `<html>`'s `lang` and `data-theme` and i18next as the settings say. */
export function useAppearance(): void {
  const { settings } = useStores();
  const { i18n } = useTranslation();
  const theme = useStore(settings, (state) => state.settings.theme);
  const language = pickLanguage(useStore(settings, (state) => state.settings.language));

  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);

  useEffect(() => {
    document.documentElement.lang = language;
    if (i18n.language !== language) void i18n.changeLanguage(language);
  }, [language, i18n]);
}
