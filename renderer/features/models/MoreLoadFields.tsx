/** The settings of a load that most people never need, by what they are about. */
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { withSetting } from '../../../shared/loadChoice.ts';
import type { LoadSettings } from '../../../shared/schemas/memory.ts';
import { AnswerFields } from './AnswerFields.tsx';
import { ContextFields } from './ContextFields.tsx';
import type { LoadFieldsProps } from './LoadFields.tsx';
import { MemoryFields } from './MemoryFields.tsx';
import { SpeedFields } from './SpeedFields.tsx';

/** What each group of fields gets. */
export interface GroupProps extends LoadFieldsProps {
  /** llama-server loads it, as far as is known. */
  served: boolean;
  set<K extends keyof LoadSettings>(key: K, next: LoadSettings[K] | undefined): void;
}

export function MoreLoadFields(props: LoadFieldsProps) {
  const { t } = useTranslation('discover');
  const { value, vision, scope, estimate, onChange } = props;
  const engine = vision && value.vision ? 'llama-server' : (value.engine ?? 'auto');
  const group: GroupProps = {
    ...props,
    served: (engine === 'auto' ? estimate?.engine : engine) !== 'node-llama-cpp',
    set: (key, next) => onChange(withSetting(value, key, next)),
  };
  return (
    <div
      // To see what a model would cost there is a line of fields above the costs: what they mean is in their choices.
      data-compact={scope === 'price' ? '' : undefined}
      className="grid gap-x-8 gap-y-5 pt-2 pb-1 @2xl:grid-cols-2 data-compact:flex data-compact:flex-wrap data-compact:items-center data-compact:gap-x-5 data-compact:gap-y-2 data-compact:pt-0"
    >
      <div className="flex flex-col gap-5 in-data-compact:contents">
        <Group title={t('groups.memory')}>
          <MemoryFields {...group} />
        </Group>
        <Group title={t('groups.answers')}>
          <AnswerFields {...group} />
        </Group>
      </div>
      <div className="flex flex-col gap-5 in-data-compact:contents">
        <Group title={t('groups.speed')}>
          <SpeedFields {...group} />
        </Group>
        {scope !== 'all' && (
          <Group title={t('groups.context')}>
            <ContextFields {...group} />
          </Group>
        )}
      </div>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-2.5 in-data-compact:contents">
      <legend className="mb-2.5 w-full in-data-compact:hidden border-b border-line pb-1 font-semibold">{title}</legend>
      {children}
    </fieldset>
  );
}

/** A field, or several under a name, with what they mean below. */
export function Hinted({ name, hint, children }: { name?: string; hint: string; children: ReactNode }) {
  const id = useId();
  return (
    <fieldset aria-describedby={id} className="flex min-w-0 flex-col gap-1">
      {name && <legend className="mb-1 text-text-2">{name}</legend>}
      {children}
      <p id={id} className="text-xs text-text-2 in-data-compact:hidden">
        {hint}
      </p>
    </fieldset>
  );
}
