/** What of a model lies where, and how much is taken for it. */
import { useTranslation } from 'react-i18next';
import { imageTokenCap, usualLoad } from '../../../shared/schemas/memory.ts';
import { useFormat } from '../../i18n.ts';
import { Select } from '../../ui/Select.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { CardFields } from './CardFields.tsx';
import { GpuLayers } from './GpuLayers.tsx';
import { type GroupProps, Hinted } from './MoreLoadFields.tsx';

export function MemoryFields(props: GroupProps) {
  const { t } = useTranslation('discover');
  const { value, vision, scope, estimate, served, set } = props;
  // node-llama-cpp reads into memory what it locks there.
  const read = !served && value.mlock === true;
  return (
    <>
      <GpuLayers value={value.gpuLayers} total={estimate?.layers.total} onChange={(gpuLayers) => set('gpuLayers', gpuLayers)} />
      {scope !== 'price' && <CardFields {...props} />}
      <Switch label={t('flashAttention')} checked={value.flashAttention} onChange={(on) => set('flashAttention', on)} />
      <Batch {...props} />
      {vision && <PictureTokens {...props} />}
      {scope !== 'price' && (
        <>
          <Hinted hint={t(read ? 'mmapLocked' : 'mmapHint')}>
            <Switch label={t('mmap')} checked={value.mmap === true && !read} disabled={read} onChange={(on) => set('mmap', on)} />
          </Hinted>
          <Hinted hint={t('mlockHint')}>
            <Switch label={t('mlock')} checked={value.mlock === true} onChange={(on) => set('mlock', on)} />
          </Hinted>
        </>
      )}
    </>
  );
}

/** What is read at once. */
function Batch({ value, set }: GroupProps) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const batch = value.batchSize ?? usualLoad.batchSize;
  const sizes = [...new Set([128, 256, 512, 1024, 2048, 4096, batch])].toSorted((a, b) => a - b);
  return (
    <Hinted hint={t('batchHint')}>
      <Select
        label={t('batch')}
        showLabel
        value={String(batch)}
        options={sizes.map((size) => ({
          value: String(size),
          label: t('tokens', { n: format.count(size) }),
          hint: size === usualLoad.batchSize ? t('batchUsual') : undefined,
        }))}
        onChange={(size) => set('batchSize', Number(size))}
        className="w-36"
      />
    </Hinted>
  );
}

/** What one picture may cost, of the context and of memory: the smaller, the less of it is seen. */
function PictureTokens({ value, set }: GroupProps) {
  const { t } = useTranslation('discover');
  const format = useFormat();
  const { imageTokens = imageTokenCap } = value;
  const choices = [...new Set([256, 512, imageTokenCap, 2048, 4096, imageTokens])].toSorted((a, b) => a - b);
  const hint = (tokens: number): string | undefined => {
    if (tokens === choices[0]) return t('picturesFewest');
    return tokens === choices.at(-1) ? t('picturesMost') : undefined;
  };
  return (
    <Select
      label={t('pictures')}
      showLabel
      value={String(imageTokens)}
      options={choices.map((tokens) => ({ value: String(tokens), label: t('picturesUpTo', { n: format.count(tokens) }), hint: hint(tokens) }))}
      onChange={(tokens) => set('imageTokens', Number(tokens))}
      disabled={!value.vision}
      className="w-52"
    />
  );
}
