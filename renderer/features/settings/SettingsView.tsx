/** What a person can set, and what this computer is. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { overflow } from '../../../shared/schemas/answer.ts';
import type { Settings } from '../../../shared/schemas/settings.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Problem } from '../../ui/Notice.tsx';
import { Page } from '../../ui/Page.tsx';
import { Section } from '../../ui/Section.tsx';
import { Select } from '../../ui/Select.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { useRun } from '../../useRun.ts';
import { PromptField } from '../chat/settings/PromptField.tsx';
import { LoadFields } from '../models/LoadFields.tsx';
import { useCards } from '../models/useCards.ts';
import { AboutApp } from './AboutApp.tsx';
import { Drawing } from './Drawing.tsx';
import { Machine } from './Machine.tsx';
import { Network } from './Network.tsx';
import { SelfTest } from './SelfTest.tsx';

const choices = <T extends string>(values: readonly T[], label: (value: T) => string): { value: T; label: string }[] =>
  values.map((value) => ({ value, label: label(value) }));

/** Minutes without an answer to choose from; 0: never. */
const idleTimes = [5, 15, 30, 60, 120, 0];

/** Bytes to choose from for what models have read of chats; 0: none. */
const stateSizes = [0, 1, 4, 16, 64].map((gib) => gib * 2 ** 30);

/** Changes are saved as they are made. */
export function SettingsView() {
  const { t } = useTranslation(['settings', 'answers', 'selfTest']);
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { settings: store, ui, hardware } = useStores();
  const cores = useStore(hardware, (state) => state.hardware?.cpu.threads);
  const cards = useCards();
  const { settings, error } = useStore(store);
  const wanted = useStore(ui, (state) => state.id);
  const change = (patch: Partial<Settings>): void => void run(store.getState().change(patch));

  return (
    <Page title={t('title')}>
      <div className="flex max-w-240 flex-col gap-6 px-6 py-5">
        {error && <Problem text={sentence(error)} />}
        <Section title={t('appearance')}>
          <div className="flex flex-wrap gap-x-6 gap-y-3">
            <Select
              label={t('language')}
              showLabel
              value={settings.language}
              options={choices(['system', 'en', 'fr'] as const, (value) => t(`languages.${value}`))}
              onChange={(language) => change({ language })}
              className="w-44"
            />
            <Select
              label={t('theme')}
              showLabel
              value={settings.theme}
              options={choices(['system', 'light', 'dark'] as const, (value) => t(`themes.${value}`))}
              onChange={(theme) => change({ theme })}
              className="w-44"
            />
          </div>
        </Section>
        <Section title={t('loading')} hint={t('loadingHint')}>
          <LoadFields value={settings.load} maxContext={262_144} vision scope="all" cores={cores} cards={cards} onChange={(load) => change({ load })} />
          <Select
            label={t('ejectAfter')}
            showLabel
            value={String(settings.ejectAfterMinutes)}
            options={[...new Set([...idleTimes, settings.ejectAfterMinutes])].map((minutes) => ({
              value: String(minutes),
              label: minutes === 0 ? t('never') : t('minutes', { count: minutes, n: format.count(minutes) }),
            }))}
            onChange={(minutes) => change({ ejectAfterMinutes: Number(minutes) })}
            className="w-60"
          />
          <div className="flex flex-col gap-1">
            <Select
              label={t('states')}
              showLabel
              value={String(settings.stateCacheBytes)}
              options={[...new Set([...stateSizes, settings.stateCacheBytes])].map((bytes) => ({
                value: String(bytes),
                label: bytes === 0 ? t('noStates') : t('upTo', { size: format.memory(bytes) }),
              }))}
              onChange={(bytes) => change({ stateCacheBytes: Number(bytes) })}
              className="w-60"
            />
            <p className="text-xs text-text-2">{t('statesHint')}</p>
          </div>
        </Section>
        <Section title={t('answers')}>
          <PromptField
            value={settings.systemPrompt}
            onSave={(systemPrompt) => change({ systemPrompt })}
            below={<p className="text-xs text-text-2">{t('systemPromptHint')}</p>}
          />
          <Drawing settings={settings} onChange={change} />
          <div className="flex flex-col gap-1">
            <Select
              label={t('overflow')}
              showLabel
              value={settings.overflow}
              options={choices(overflow.options, (value) => t(`answers:overflows.${value}`))}
              onChange={(overflow) => change({ overflow })}
              className="w-80"
            />
            <p className="text-xs text-text-2">{t('overflowHint')}</p>
          </div>
          <Switch label={t('thinking')} hint={t('thinkingHint')} checked={settings.thinking} onChange={(thinking) => change({ thinking })} />
        </Section>
        <Section title={t('network.title')} hint={t('network.hint')} wanted={wanted === 'network'}>
          <Network />
        </Section>
        <Section title={t('machine')}>
          <Machine />
        </Section>
        <Section title={t('selfTest:title')} hint={t('selfTest:hint')}>
          <SelfTest />
        </Section>
        <Section title={t('app')}>
          <AboutApp />
        </Section>
      </div>
    </Page>
  );
}
