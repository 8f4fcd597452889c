/** Copies a text and says so for a moment. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/Button.tsx';
import { useTurnActions } from './useTurnActions.ts';

/** How long the tick stays, in milliseconds. */
const told = 1500;

export function CopyButton({ text }: { text: string }) {
  const { t } = useTranslation('chat');
  const { copy } = useTurnActions();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), told);
    return () => clearTimeout(timer);
  }, [copied]);
  return <IconButton icon={copied ? Check : Copy} label={copied ? t('action.copied') : t('action.copy')} onClick={() => void copy(text).then(setCopied)} />;
}
