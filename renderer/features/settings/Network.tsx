/** How models are reached: the hub, the token for it, the proxy, and whom to trust. */
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { Result } from '../../../shared/result.ts';
import type { NetworkStatus } from '../../../shared/schemas/network.ts';
import { type NetworkSettings, networkSettings } from '../../../shared/schemas/settings.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Problem } from '../../ui/Notice.tsx';
import { Select } from '../../ui/Select.tsx';
import { useRun } from '../../useRun.ts';
import { SecretField } from './SecretField.tsx';
import { hostOf, WithTest } from './TestButton.tsx';
import { TextField } from './TextField.tsx';

/** The four parts, each with its test. */
export function Network() {
  const { t } = useTranslation('settings');
  const format = useFormat();
  const sentence = useErrorSentence();
  const run = useRun();
  const { client, settings: store } = useStores();
  const set = useStore(store, (state) => state.settings.network);
  const [status, setStatus] = useState<NetworkStatus>();
  const [error, setError] = useState<string>();

  const refresh = useCallback(async (): Promise<void> => {
    const answer = await client.call('network.status', undefined);
    if (answer.ok) setStatus(answer.value);
    else setError(sentence(answer.error));
  }, [client, sentence]);
  useEffect(() => void refresh(), [refresh]);

  const change = async (patch: Partial<NetworkSettings>): Promise<void> => {
    if (await run(store.getState().change({ network: { ...set, ...patch } }))) await refresh();
  };
  const keep = async (action: Promise<Result<unknown>>): Promise<boolean> => {
    const done = await run(action);
    if (done) await refresh();
    return done;
  };
  const problem =
    (key: 'endpoint' | 'proxyAddress', example: string) =>
    (text: string): string | undefined =>
      networkSettings.safeParse({ [key]: key === 'proxyAddress' ? withoutPassword(text).address : text }).success
        ? undefined
        : t('network.notAnAddress', { example });
  const saveProxy = async (text: string): Promise<void> => {
    const { address, password } = withoutPassword(text);
    if (password !== undefined) await run(client.call('network.setProxyPassword', { password }));
    await change({ proxyAddress: address });
  };

  const host = hostOf(status?.endpoint ?? '');
  const used = status?.tokenUsedAt;
  const time = used && new Intl.DateTimeFormat(format.locale, { timeStyle: 'short' }).format(new Date(used));
  const tokenHint = status && [
    status.token === 'environment' && t('network.tokenFromEnvironment'),
    t('network.tokenFor', { host }),
    t(`network.keptIn.${status.keptIn}`),
    status.token !== 'none' && (time ? t('network.tokenUsed', { time }) : t('network.tokenUnused')),
  ];

  return (
    <div className="flex max-w-160 flex-col gap-3">
      {error && <Problem text={error} />}
      <WithTest what="hub" name={t('network.hub')}>
        <TextField
          label={t('network.hub')}
          value={set.endpoint}
          placeholder={set.endpoint === '' ? (status?.endpoint ?? '') : undefined}
          hint={t('network.hubHint')}
          problem={problem('endpoint', 'https://hf-mirror.com')}
          onSave={(endpoint) => void change({ endpoint })}
        />
      </WithTest>
      <WithTest what="token" name={t('network.token')} onEnd={() => void refresh()}>
        <SecretField
          label={t('network.token')}
          kept={status?.token === 'stored'}
          placeholder="hf_…"
          hint={tokenHint?.filter(Boolean).join(' ')}
          onSave={(token) => keep(client.call('network.setToken', { token }))}
        />
      </WithTest>
      <WithTest what="proxy" name={t('network.proxy')} labelAbove={false}>
        <div className="flex min-w-60 flex-1 flex-col gap-2">
          <Select
            label={t('network.proxy')}
            showLabel
            value={set.proxy}
            options={(['system', 'manual', 'none'] as const).map((value) => ({ value, label: t(`network.proxies.${value}`) }))}
            onChange={(proxy) => void change({ proxy })}
            className="w-52"
          />
          {set.proxy === 'system' && status && (
            <p className="text-xs text-text-2">{status.proxy === null ? t('network.systemNone') : t('network.systemProxy', { proxy: hostOf(status.proxy) })}</p>
          )}
          {set.proxy === 'manual' && (
            <>
              <TextField
                label={t('network.proxyAddress')}
                value={set.proxyAddress}
                placeholder="http://user@proxy.example.com:3128"
                problem={problem('proxyAddress', 'http://user@proxy.example.com:3128')}
                onSave={(text) => void saveProxy(text)}
              />
              <SecretField
                label={t('network.proxyPassword')}
                kept={status?.proxyPassword === true}
                onSave={(password) => keep(client.call('network.setProxyPassword', { password }))}
              />
            </>
          )}
        </div>
      </WithTest>
      <WithTest what="certificates" name={t('network.certificates')}>
        <TextField
          label={t('network.certificates')}
          value={set.caFile}
          placeholder="/etc/ssl/company.pem"
          hint={t('network.certificatesHint')}
          onSave={(caFile) => void change({ caFile })}
        />
      </WithTest>
    </div>
  );
}

/** An address as people paste it, with the password that settings do not keep taken out. */
function withoutPassword(text: string): { address: string; password?: string } {
  if (!URL.canParse(text)) return { address: text };
  const url = new URL(text);
  const password = decodeURIComponent(url.password);
  url.password = '';
  return password === '' ? { address: text } : { address: url.href.replace(/\/$/, ''), password };
}
