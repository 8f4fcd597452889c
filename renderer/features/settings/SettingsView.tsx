/** What a person can set, and what this computer is. */
import { Slider } from '@base-ui/react/slider';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { defaultSampling } from '../../../shared/schemas/sampling.ts';
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
import { LoadFields } from '../models/LoadFields.tsx';
import { AboutApp } from './AboutApp.tsx';
import { Machine } from './Machine.tsx';
import { Network } from './Network.tsx';
import { SelfTest } from './SelfTest.tsx';

const choices = <T extends string>(values: readonly T[], label: (value: T) => string): { value: T; label: string }[] =>
  values.map((value) => ({ value, label: label(value) }));

/** Tokens that an answer may have, to choose from; 0: no limit. */
const lengths = [0, 256, 1_024, 4_096, 16_384];

/** Minutes without an answer to choose from; 0: never. */
const idleTimes = [5, 15, 30, 60, 120, 0];

/** Bytes to choose from for what models have read of chats; 0: none. */
const stateSizes = [0, 1, 4, 16, 64].map((gib) => gib * 2 ** 30);

/** Changes are saved as they are made. */
export function SettingsView() {
  const { t } = useTranslation(['settings', 'selfTest']);
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { settings: store, ui, hardware } = useStores();
  const cores = useStore(hardware, (state) => state.hardware?.cpu.threads);
  const { settings, error } = useStore(store);
  const { sampling } = settings;
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
          <LoadFields value={settings.load} maxContext={262_144} vision scope="all" cores={cores} onChange={(load) => change({ load })} />
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
          <SystemPrompt value={settings.systemPrompt} onSave={(systemPrompt) => change({ systemPrompt })} />
          <Temperature
            value={sampling.temperature ?? defaultSampling.temperature}
            onChange={(temperature) => change({ sampling: { ...sampling, temperature } })}
          />
          <Select
            label={t('maxTokens')}
            showLabel
            value={String(sampling.maxTokens ?? 0)}
            options={[...new Set([...lengths, sampling.maxTokens ?? 0])].map((tokens) => ({
              value: String(tokens),
              label: tokens === 0 ? t('noMaxTokens') : t('tokens', { n: format.count(tokens) }),
            }))}
            onChange={(tokens) => change({ sampling: { ...sampling, maxTokens: Number(tokens) } })}
            className="w-72"
          />
          <div className="flex flex-col gap-1">
            <Select
              label={t('overflow')}
              showLabel
              value={settings.overflow}
              options={choices(['stop', 'dropOldest', 'keepEnds'] as const, (value) => t(`overflows.${value}`))}
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

/** `place`: what `#/settings/<place>` leads to. */
/** Saved when one leaves the field, or stops typing for a second. */
function SystemPrompt({ value, onSave }: { value: string; onSave(text: string): void }) {
  const { t } = useTranslation('settings');
  const id = useId();
  const [text, setText] = useState<string>();
  const save = (): void => {
    if (text !== undefined && text !== value) onSave(text);
    setText(undefined);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the pause begins anew with each change of the text only.
  useEffect(() => {
    if (text === undefined) return;
    const timer = setTimeout(save, 1000);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-text-2">
        {t('systemPrompt')}
      </label>
      <textarea
        id={id}
        rows={3}
        maxLength={100_000}
        value={text ?? value}
        onChange={(event) => setText(event.target.value)}
        onBlur={save}
        aria-describedby={`${id}-hint`}
        className="w-full resize-y rounded-md border border-line-strong bg-surface-0 px-2 py-1.5"
      />
      <p id={`${id}-hint`} className="text-xs text-text-2">
        {t('systemPromptHint')}
      </p>
    </div>
  );
}

function Temperature({ value, onChange }: { value: number; onChange(value: number): void }) {
  const { t } = useTranslation('settings');
  const format = useFormat();
  const words = (n: number): string => new Intl.NumberFormat(format.locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(n);
  return (
    <div>
      <Slider.Root value={value} min={0} max={2} step={0.05} onValueChange={onChange} className="flex max-w-120 items-center gap-3">
        <Slider.Label className="text-text-2">{t('temperature')}</Slider.Label>
        <Slider.Control className="flex h-7 flex-1 touch-none items-center select-none">
          <Slider.Track className="h-1 w-full rounded-full bg-line-strong">
            <Slider.Indicator className="rounded-full bg-accent" />
            <Slider.Thumb
              getAriaLabel={() => t('temperature')}
              className="size-4 rounded-full border-2 border-accent bg-surface-0 has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-accent"
            />
          </Slider.Track>
        </Slider.Control>
        <output className="w-10 text-right tabular-nums">{words(value)}</output>
      </Slider.Root>
      <p className="text-xs text-text-2">{t('temperatureHint')}</p>
    </div>
  );
}
