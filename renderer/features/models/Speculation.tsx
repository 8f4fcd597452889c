/** Whether tokens are guessed ahead, and by what. */
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand/react';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import type { Speculation as Way } from '../../../shared/schemas/memory.ts';
import { canDraft } from '../../../shared/speculation.ts';
import { useFormat } from '../../i18n.ts';
import { useStores } from '../../stores/index.ts';
import { type Option, Select } from '../../ui/Select.tsx';
import { type GroupProps, Hinted } from './MoreLoadFields.tsx';

/** What guesses for `model`: nothing, its own layers, or a smaller model of the library; the reason where nothing can. */
export function Speculation({ model, value, vision, set }: GroupProps & { model: LibraryModel }) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { library } = useStores();
  const models = useStore(library, (state) => state.models) ?? [];
  const { speculation } = value;
  const chosen = speculation === undefined ? 'off' : nameOf(speculation);

  const drafts = models.filter((other) => other.problem === undefined && canDraft(other, model)).toSorted((a, b) => a.size - b.size);
  const ways: Option<string>[] = [
    ...((model.nextnLayers ?? 0) > 0 ? [{ value: 'mtp', label: t('guessBy.mtp'), hint: t('guessBy.mtpHint') }] : []),
    ...drafts.map(({ id, name, label, size }) => ({
      value: nameOf({ type: 'draft', model: id }),
      label: `${name} ${label}`,
      hint: t('guessBy.draftHint', { size: format.memory(size) }),
    })),
  ];
  const gone = chosen !== 'off' && !ways.some((way) => way.value === chosen);
  const byOther = value.engine === 'node-llama-cpp' && !(vision && value.vision);
  const hint = byOther ? t('guessServer') : gone ? t('guessGone') : ways.length === 0 ? t('guessNone') : t('guessHint');

  return (
    <Hinted hint={hint}>
      <Select
        label={t('guess')}
        showLabel
        value={byOther ? 'off' : chosen}
        options={[{ value: 'off', label: t('guessBy.off') }, ...ways, ...(gone ? [{ value: chosen, label: t('guessBy.gone') }] : [])]}
        onChange={(way) => set('speculation', wayOf(way))}
        disabled={byOther || (ways.length === 0 && !gone)}
        className="max-w-72 min-w-40"
      />
    </Hinted>
  );
}

const nameOf = (way: Way): string => (way.type === 'mtp' ? 'mtp' : `draft ${way.model}`);

function wayOf(name: string): Way | undefined {
  if (name === 'off') return undefined;
  return name === 'mtp' ? { type: 'mtp' } : { type: 'draft', model: name.slice('draft '.length) };
}
