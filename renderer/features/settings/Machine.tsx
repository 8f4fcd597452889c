/** What this computer has, as the engine sees it. */
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import { useErrorSentence } from '../../errorSentence.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { Problem, Skeleton } from '../../ui/Notice.tsx';
import { useCards } from '../models/useCards.ts';
import { useCardWords } from '../models/useCardWords.ts';

/** The facts, asked anew when the view opens. */
export function Machine() {
  const { t } = useTranslation('settings');
  const format = useFormat();
  const sentence = useErrorSentence();
  const store = useStores().hardware;
  const { hardware, error } = useStore(store);

  const cards = useCards() ?? [];
  const words = useCardWords(cards);

  useEffect(() => void store.getState().refresh(), [store]);

  if (!hardware) return error ? <Problem text={sentence(error)} /> : <Skeleton className="h-28" />;
  const { vram, ram, cpu, disk, gpus, backend } = hardware;
  const free = (part: { free: number; total: number }, size: (bytes: number) => string): string =>
    t('facts.free', { free: size(part.free), total: size(part.total) });
  const vramText =
    vram.free === null ? t('facts.freeUnknown', { total: format.memory(vram.total) }) : free({ free: vram.free, total: vram.total }, format.memory);
  const several = cards.length > 1;
  const lookAgain = (): void => {
    void store.getState().refresh();
    void store.getState().askCards();
  };
  return (
    <>
      {error && <Problem text={sentence(error)} />}
      <Facts
        facts={[
          ...(several
            ? cards.map((card) => [t('facts.gpuOf', { n: card.id + 1 }), `${card.name}, ${words.memory(card)}`] as const)
            : [[t('facts.gpu'), gpus.join(', ') || t('facts.none')] as const]),
          ...(vram.total > 0 ? [[t(several ? 'facts.vramAll' : 'facts.vram'), vram.unified ? `${vramText} (${t('facts.unified')})` : vramText] as const] : []),
          [t('facts.ram'), free(ram, format.memory)],
          [t('facts.cpu'), t('facts.threads', { name: cpu.name, n: format.count(cpu.threads) })],
          [t('facts.disk'), free(disk, format.fileSize)],
          [t('facts.backend'), t(`backends.${backend}`)],
          ['llama.cpp', hardware.llamaCpp],
        ]}
      />
      <div>
        <Button onClick={lookAgain}>{t('refresh')}</Button>
      </div>
    </>
  );
}
