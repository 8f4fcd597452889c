/** An answer's Markdown with code, tables and LaTeX; nothing in it is fetched from anywhere. */
import './markdown.css';
import { createCodePlugin } from '@streamdown/code';
import { type ComponentProps, memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Components, type ControlsConfig, Streamdown } from 'streamdown';
import { Formula } from './Formula.tsx';
import { formulas } from './formulas.ts';
import { normaliseLatex } from './latex.ts';

const plugins = {
  code: createCodePlugin({ themes: ['github-light-high-contrast', 'github-dark-high-contrast'] }),
  math: formulas,
};
const controls: ControlsConfig = {
  code: { copy: true, download: false },
  table: { copy: true, download: false, fullscreen: false },
  image: false,
  mermaid: false,
};

/** Opens outside, and the page that opens learns nothing of us. */
function Link({ href, children }: ComponentProps<'a'>) {
  const outside = href !== undefined && /^(https?|mailto):/i.test(href);
  if (!outside) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" className="text-accent underline wrap-anywhere">
      {children}
    </a>
  );
}

/** A picture only when its bytes are in the answer itself: one from elsewhere would tell its host who reads what. */
function Picture({ src, alt }: ComponentProps<'img'>) {
  const { t } = useTranslation('chat');
  if (typeof src === 'string' && /^(data:image\/|blob:)/i.test(src)) return <img src={src} alt={alt ?? ''} className="max-w-full rounded-md" />;
  return <span className="text-text-2 italic">[{alt ? t('picture.remoteNamed', { alt }) : t('picture.remote')}]</span>;
}

/** The same for a text that somebody else published: the picture is a click away, in the browser. */
function PictureLink({ src, alt }: ComponentProps<'img'>) {
  const { t } = useTranslation('chat');
  if (typeof src !== 'string' || !/^https:/i.test(src)) return <Picture src={src} alt={alt} />;
  return <Link href={src}>[{alt ? t('picture.linkNamed', { alt }) : t('picture.link')}]</Link>;
}

/** A place left by `formulas`, or any other span. */
function Span(props: ComponentProps<'span'> & { 'data-tex'?: string; 'data-display'?: string | boolean }) {
  const tex = props['data-tex'];
  return tex === undefined ? <span>{props.children}</span> : <Formula tex={tex} display={String(props['data-display']) === 'true'} />;
}

const Nothing = () => null;
const components = { a: Link, img: Picture, span: Span, source: Nothing, video: Nothing, audio: Nothing, iframe: Nothing } as Components;
const linked = { ...components, img: PictureLink } as Components;

/** Shows `text`; `running` while more of it comes; `linkPictures` gives pictures from elsewhere a link that opens outside. */
export const Markdown = memo(function Markdown({ text, running, linkPictures = false }: { text: string; running: boolean; linkPictures?: boolean }) {
  const { t } = useTranslation('chat');
  const translations = useMemo(() => t('markdown', { returnObjects: true }) as Record<string, string>, [t]);
  return (
    <Streamdown
      className="markdown"
      components={linkPictures ? linked : components}
      controls={controls}
      isAnimating={running}
      linkSafety={{ enabled: false }}
      lineNumbers={false}
      plugins={plugins}
      tableMaxHeight={0}
      codeBlockMaxHeight={480}
      translations={translations}
    >
      {normaliseLatex(text)}
    </Streamdown>
  );
});
