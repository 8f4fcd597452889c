/** How an answer went, in one line. */
import { useTranslation } from 'react-i18next';
import type { TurnStats } from '../../../shared/schemas/chat.ts';
import { useFormat } from '../../i18n.ts';
import { Tooltip } from '../../ui/Tooltip.tsx';

/** Speed, tokens, time to the first one and why it ended; about the question on hover. */
export function Stats({ stats }: { stats: TurnStats }) {
  const { t } = useTranslation('chat');
  const format = useFormat();
  const { guessed = 0, accepted = 0 } = stats.draft ?? {};
  const line = [
    stats.tokensPerSecond > 0 && format.speed(stats.tokensPerSecond),
    t('stats.tokens', { count: stats.tokens, formatted: format.count(stats.tokens) }),
    stats.tokens > 0 && t('stats.first', { time: format.duration(stats.firstTokenMs) }),
    guessed > 0 && t('stats.guessed', { share: format.percent(accepted / guessed) }),
    t(`reason.${stats.stopReason}`),
  ];
  const read =
    stats.cachedTokens > 0
      ? t('stats.cached', { read: format.count(stats.promptTokens - stats.cachedTokens), formatted: format.count(stats.promptTokens) })
      : t('stats.prompt', { count: stats.promptTokens, formatted: format.count(stats.promptTokens) });
  const draft =
    guessed > 0 &&
    t('stats.draft', { count: guessed, guessed: format.count(guessed), accepted: format.count(accepted), share: format.percent(accepted / guessed) });
  const about = [read, stats.promptTokensPerSecond > 0 && t('stats.promptSpeed', { speed: format.speed(stats.promptTokensPerSecond) }), draft];
  return (
    <Tooltip text={about.filter(Boolean).join(' · ')}>
      <span className="px-1 tabular-nums">{line.filter(Boolean).join(' · ')}</span>
    </Tooltip>
  );
}
