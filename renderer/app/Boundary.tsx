/** Keeps a bug in one view from taking the rest of the page with it. */
import { CircleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Notice.tsx';

/** Shows what happened in place of `children` that threw. React offers this to classes only. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Crashed onAgain={() => this.setState({ failed: false })} /> : this.props.children;
  }
}

function Crashed({ onAgain }: { onAgain(): void }) {
  const { t } = useTranslation();
  return (
    <Empty icon={CircleAlert} title={t('crash.title')} text={t('crash.text')}>
      <Button kind="primary" onClick={onAgain}>
        {t('crash.again')}
      </Button>
    </Empty>
  );
}
