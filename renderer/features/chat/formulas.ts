/** The place of LaTeX in Markdown: found by remark-math, left for `Formula` to draw. */
import { createMathPlugin, type MathPlugin } from '@streamdown/math';

interface Node {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

const textOf = (node: Node): string => node.value ?? (node.children ?? []).map(textOf).join('');
const hasClass = (node: Node, name: string): boolean => Array.isArray(node.properties?.className) && node.properties.className.includes(name);
const formula = (node: Node, display: boolean): Node => ({
  type: 'element',
  tagName: 'span',
  properties: { dataTex: textOf(node), dataDisplay: display },
  children: [],
});

function replace(parent: Node): void {
  if (!parent.children) return;
  parent.children = parent.children.map((node) => {
    const [only] = node.children ?? [];
    if (node.tagName === 'pre' && only && hasClass(only, 'language-math')) return formula(only, true);
    if (node.tagName === 'code' && hasClass(node, 'language-math')) return formula(node, hasClass(node, 'math-display'));
    replace(node);
    return node;
  });
}

/**
 * Streamdown's plugin for LaTeX without rehype-katex: that one has the browser parse KaTeX's HTML,
 * and each inline style in it breaks our content policy.
 */
export const formulas: MathPlugin = { ...createMathPlugin(), rehypePlugin: () => replace as never };
