/** Which of several cards a model may use, and how its layers are split over them. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type UsedCard, withoutShares } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { Checkbox } from '../../ui/Checkbox.tsx';
import { NumberField } from '../../ui/NumberField.tsx';
import { Select } from '../../ui/Select.tsx';
import { hasShares, kept, withCard, withoutCard, withShares } from './cardChoice.ts';
import { type GroupProps, Hinted } from './MoreLoadFields.tsx';
import { useCardWords } from './useCardWords.ts';

/** Nothing where there is nothing to choose: fewer than two cards, and none kept that is gone. */
export function CardFields({ value, cards, usual, served, set }: GroupProps) {
  const { t } = useTranslation('discover');
  const words = useCardWords(cards ?? []);
  // One that is gone stays on the list after its tick is taken off: the tick can come back, and the focus has a place.
  const [first] = useState(value.cards ?? []);
  if (!cards) return null;
  const chosen = value.cards ?? withoutShares(cards);
  const isThere = (id: number): boolean => cards.some((card) => card.id === id);
  const gone = [...new Set([...first, ...chosen].map(({ id }) => id))].filter((id) => !isThere(id));
  if (cards.length < 2 && gone.length === 0) return null;

  const there = chosen.filter(({ id }) => isThere(id));
  const isTicked = (id: number): boolean => chosen.some((each) => each.id === id);
  const change = (next: UsedCard[]): void => set('cards', kept(next, cards, usual?.cards));
  const turn = (id: number, on: boolean): void => change(on ? withCard(chosen, id) : withoutCard(chosen, id, cards));
  const nameOf = (id: number): string => {
    const card = cards.find((each) => each.id === id);
    return card ? words.name(card) : t('cards.gone', { n: id + 1 });
  };
  return (
    <>
      <Hinted name={t('cards.title')} hint={t('cards.hint')}>
        {cards.map((card) => (
          <Checkbox
            key={card.id}
            label={nameOf(card.id)}
            detail={words.memory(card)}
            checked={isTicked(card.id)}
            disabled={isTicked(card.id) && there.length === 1}
            onChange={(on) => turn(card.id, on)}
          />
        ))}
        {gone.map((id) => (
          <Checkbox key={id} label={nameOf(id)} checked={isTicked(id)} onChange={(on) => turn(id, on)} />
        ))}
      </Hinted>
      {chosen.length > 1 && <CardSplit chosen={chosen} served={served} nameOf={nameOf} start={() => withShares(chosen, cards)} onChange={change} />}
    </>
  );
}

interface SplitProps {
  chosen: UsedCard[];
  served: boolean;
  nameOf(id: number): string;
  /** The shares to begin with. */
  start(): UsedCard[];
  onChange(chosen: UsedCard[]): void;
}

/** By the memory that is free on each, or by shares. */
function CardSplit({ chosen, served, nameOf, start, onChange }: SplitProps) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const shared = served && hasShares(chosen);
  const sum = chosen.reduce((all, { share = 0 }) => all + share, 0);
  return (
    <Hinted hint={served ? t(shared ? 'cards.sharesHint' : 'cards.freeHint') : t('cards.server')}>
      <Select
        label={t('cards.split')}
        showLabel
        value={shared ? 'shares' : 'free'}
        options={(['free', 'shares'] as const).map((way) => ({ value: way, label: t(`cards.by.${way}`) }))}
        onChange={(way) => onChange(way === 'free' ? withoutShares(chosen) : start())}
        disabled={!served}
        className="w-56"
      />
      {shared &&
        chosen.map(({ id, share = 1 }) => (
          <NumberField
            key={id}
            label={t('cards.share', { name: nameOf(id) })}
            placeholder="1"
            value={share}
            min={1}
            max={1000}
            layout="line"
            unit={format.percent(share / sum)}
            onChange={(next = 1) => onChange(chosen.map((each) => (each.id === id ? { id, share: next } : each)))}
          />
        ))}
    </Hinted>
  );
}
