/** Keeps a bug or a missing file in one part from taking the rest of the page with it. */
import { CircleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button.tsx';
import { PartMissing } from './lazyPart.ts';
import { Empty, Problem } from './Notice.tsx';

interface Props {
  children: ReactNode;
  /** A part of a view, or a narrow one: what happened is told in a box. */
  inPlace?: boolean;
}

/** Shows what happened in place of `children` that threw. React offers this to classes only. */
export class Boundary extends Component<Props, { failed: 'bug' | 'missing' | undefined }> {
  override state = { failed: undefined };

  static getDerivedStateFromError(error: unknown): { failed: 'bug' | 'missing' } {
    return { failed: error instanceof PartMissing ? 'missing' : 'bug' };
  }

  override render(): ReactNode {
    const { failed } = this.state;
    if (!failed) return this.props.children;
    return <Failed what={failed} inPlace={this.props.inPlace ?? false} onAgain={() => this.setState({ failed: undefined })} />;
  }
}

function Failed({ what, inPlace, onAgain }: { what: 'bug' | 'missing'; inPlace: boolean; onAgain(): void }) {
  const { t } = useTranslation();
  const button = (
    <Button kind="primary" onClick={what === 'missing' ? () => window.location.reload() : onAgain}>
      {t(`failed.${what}.button`)}
    </Button>
  );
  const [title, text] = [t(`failed.${what}.title`), t(`failed.${what}.text`)];
  if (inPlace)
    return (
      <div className="p-2">
        <Problem text={`${title}. ${text}`}>{button}</Problem>
      </div>
    );
  return (
    <div role="alert" className="h-full">
      <Empty whole icon={CircleAlert} title={title} text={text}>
        {button}
      </Empty>
    </div>
  );
}
