/** Tries one part of the network as it is set, and says in a sentence how that went. */
import { CircleAlert, CircleCheck } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppError } from '../../../shared/result.ts';
import type { NetworkQuestion, NetworkTest } from '../../../shared/schemas/network.ts';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';

type Outcome = { ok: true; value: NetworkTest } | { ok: false; error: AppError };

/** The host that a person knows the address by. */
export const hostOf = (address: string): string => address.replace(/^https?:\/\//, '');

interface Props {
  what: NetworkQuestion;
  name: string;
  /** The field's label stands above it, and the button is to be level with the field. */
  labelAbove?: boolean;
  /** Hears that a test is over. */
  onEnd?(): void;
  children: ReactNode;
}

/** The field in `children` with the button of its test, and the answer below both. */
export function WithTest({ what, name, labelAbove = true, onEnd, children }: Props) {
  const { t } = useTranslation('settings');
  const { client } = useStores();
  const [outcome, setOutcome] = useState<Outcome>();
  const [busy, setBusy] = useState(false);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const run = async (): Promise<void> => {
    if (abort.current) return abort.current.abort();
    const current = new AbortController();
    abort.current = current;
    setBusy(true);
    setOutcome(undefined);
    const answer = await client.call('network.test', { what }, { signal: current.signal });
    abort.current = undefined;
    setBusy(false);
    if (!current.signal.aborted) setOutcome(answer);
    onEnd?.();
  };
  return (
    <div className="flex flex-col gap-1">
      <div className="flex flex-wrap items-start gap-2">
        {children}
        <Button className={labelAbove ? 'mt-6' : ''} aria-label={t(busy ? 'network.stopNamed' : 'network.testNamed', { name })} onClick={() => void run()}>
          {t(busy ? 'network.stop' : 'network.test')}
        </Button>
      </div>
      <p role="status" aria-label={t('network.result', { name })} className="min-h-4 text-xs">
        {busy ? <span className="text-text-2">{t('network.testing')}</span> : outcome && <Answer outcome={outcome} />}
      </p>
    </div>
  );
}

function Answer({ outcome }: { outcome: Outcome }) {
  const { t } = useTranslation('settings');
  const format = useFormat();
  const sentence = useErrorSentence();
  const words = (test: NetworkTest): string => {
    switch (test.what) {
      case 'hub':
        return t('network.hubWorks', { host: hostOf(test.endpoint) });
      case 'token':
        return t('network.tokenWorks', { name: test.name });
      case 'proxy':
        if (test.proxy === null) return t('network.noProxyWorks', { host: hostOf(test.endpoint) });
        return t('network.proxyWorks', { host: hostOf(test.endpoint), proxy: hostOf(test.proxy) });
      case 'certificates':
        return t('network.certificatesWork', { count: test.count, n: format.count(test.count), host: hostOf(test.endpoint) });
    }
  };
  const Icon = outcome.ok ? CircleCheck : CircleAlert;
  return (
    <span className={`flex items-start gap-1.5 ${outcome.ok ? 'text-fits' : 'text-too-large'}`}>
      <Icon aria-hidden size={14} className="mt-px shrink-0" />
      <span className="wrap-anywhere">{outcome.ok ? words(outcome.value) : sentence(outcome.error)}</span>
    </span>
  );
}
