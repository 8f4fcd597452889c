/** Which dollars are formulas, and which are money. */
import { expect, test } from 'vitest';
import { normaliseLatex } from './latex.ts';

test.each([
  ['the area $\\pi r^2$ of', 'the area $$\\pi r^2$$ of'],
  ['\\(a+b\\) and \\( c \\)', '$$a+b$$ and $$c$$'],
  ['so $2x + 1 = 5$.', 'so $$2x + 1 = 5$$.'],
  ['so\n\\[\nx = 1\n\\]\nthen', 'so\n\n\n$$\nx = 1\n$$\n\n\nthen'],
])('%j is a formula', (text, result) => expect(normaliseLatex(text)).toBe(result));

test.each([
  'It costs $5 and then $10 more.',
  'From $20/month to $30/month.',
  'a $ b $ c',
  'US$5 and US$6',
  '$$x$$ stays',
  'escaped \\$x\\$ stays',
  'code `$x$` and ``\\(y\\)`` stay',
  '```sh\necho $HOME $PATH$\n```',
  'open fence\n```sh\necho $a$',
  'half a formula $x + ',
])('%j is left as it is', (text) => expect(normaliseLatex(text)).toBe(text));

test('code between formulas stays', () => expect(normaliseLatex('$x$ `$y$` $z$')).toBe('$$x$$ `$y$` $$z$$'));
