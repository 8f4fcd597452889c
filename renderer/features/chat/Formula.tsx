/** One formula, drawn by KaTeX without an inline style in any markup: the content policy forbids those. */
import 'katex/dist/katex.min.css';
import katex from 'katex';
import { useLayoutEffect, useRef } from 'react';

/** A node of KaTeX's own tree, as far as we look into it. */
interface KatexNode {
  attributes?: Record<string, string>;
  children?: KatexNode[];
  toNode(): Node;
}
// Exported, but not in its types.
const { __renderToDomTree: toTree } = katex as unknown as { __renderToDomTree(tex: string, options: katex.KatexOptions): KatexNode };

/** KaTeX sets most styles by properties and some by the attribute; those wait in `data-style` until the node is there. */
function putStylesAside(node: KatexNode): void {
  if (node.attributes?.style !== undefined) {
    node.attributes['data-style'] = node.attributes.style;
    delete node.attributes.style;
  }
  for (const child of node.children ?? []) putStylesAside(child);
}

/** LaTeX that KaTeX cannot read (yet: it may be half written) is shown as it is. */
export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const element = place.current!;
    try {
      const tree = toTree(tex, { displayMode: display, throwOnError: true, strict: 'ignore', maxExpand: 500 });
      putStylesAside(tree);
      element.replaceChildren(tree.toNode());
      for (const styled of element.querySelectorAll<HTMLElement>('[data-style]')) styled.style.cssText = styled.dataset.style ?? '';
    } catch {
      element.textContent = tex;
    }
  }, [tex, display]);
  return <span ref={place} />;
}
