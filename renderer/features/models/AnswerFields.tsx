/** How many answers a model gives at once, and how long it stays for the next one. */
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n.ts';
import { Select } from '../../ui/Select.tsx';
import { type GroupProps, Hinted } from './MoreLoadFields.tsx';

const slotCounts = [1, 2, 3, 4, 5, 6, 7, 8];
/** Minutes; 0: never. */
const idleTimes = [0, 5, 15, 30, 60, 240, 1440];

export function AnswerFields(props: GroupProps) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { value, scope, served, set } = props;
  return (
    <>
      <Hinted hint={served ? t('slotsHint', { n: format.count(value.contextSize) }) : t('slotsServer')}>
        <Select
          label={t('slots')}
          showLabel
          value={served ? String(value.slots ?? 1) : '1'}
          options={slotCounts.map((count) => ({ value: String(count), label: format.count(count) }))}
          onChange={(count) => set('slots', Number(count))}
          disabled={!served}
          className="w-16"
        />
      </Hinted>
      {scope === 'model' && <Keeping {...props} />}
    </>
  );
}

/** When it is ejected although nobody asks for it. */
function Keeping({ value: { keepMinutes }, set }: GroupProps) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const times = [...new Set([...idleTimes, ...(keepMinutes === undefined ? [] : [keepMinutes])])].toSorted((a, b) => a - b);
  const words = (minutes: number): string => (minutes === 0 ? t('keepAlways') : t('keepMinutes', { count: minutes, n: format.count(minutes) }));
  return (
    <Select
      label={t('keepUnused')}
      showLabel
      value={keepMinutes === undefined ? 'all' : String(keepMinutes)}
      options={[
        { value: 'all', label: t('keepAsAll'), hint: t('keepAsAllHint') },
        ...times.map((minutes) => ({ value: String(minutes), label: words(minutes) })),
      ]}
      onChange={(minutes) => set('keepMinutes', minutes === 'all' ? undefined : Number(minutes))}
      className="w-52"
    />
  );
}
