/** Paths, alternatives, and where one stands when something goes. */
import { expect, test } from 'vitest';
import { growTree, type Node } from './tree.ts';

/** `a` and `a2` are first questions; under `a` hang the answers `b` and `b2`, under `b` a conversation with two ends. */
const nodes: Node[] = [
  { id: 'a', parent: null, deleted: false },
  { id: 'b', parent: 'a', deleted: false },
  { id: 'c', parent: 'b', deleted: false },
  { id: 'd', parent: 'c', deleted: false },
  { id: 'b2', parent: 'a', deleted: false },
  { id: 'd2', parent: 'c', deleted: false },
  { id: 'a2', parent: null, deleted: false },
];
const without = (...gone: string[]): Node[] => nodes.map((node) => ({ ...node, deleted: gone.includes(node.id) }));

test('paths, alternatives and the latest end', () => {
  const tree = growTree(nodes);
  expect(tree.path('d')).toEqual(['a', 'b', 'c', 'd']);
  expect(tree.path(null)).toEqual([]);
  expect(tree.path('nowhere')).toEqual([]);
  expect(tree.siblings('d')).toEqual(['d', 'd2']);
  expect(tree.siblings('a2')).toEqual(['a', 'a2']);
  expect(tree.latest('a')).toBe('d2');
  expect(tree.latest('b2')).toBe('b2');
  expect([...tree.below('b')].sort()).toEqual(['b', 'c', 'd', 'd2']);
});

test('what hangs below a deleted turn is out of sight with it', () => {
  const tree = growTree(without('c'));
  expect(['a', 'b', 'c', 'd', 'd2', 'b2'].filter(tree.has)).toEqual(['a', 'b', 'b2']);
  expect(tree.latest('a')).toBe('b2');
});

test('the nearest that remains: before, after, above, nowhere', () => {
  expect(growTree(nodes).without('d2')).toBe('d');
  expect(growTree(nodes).without('d')).toBe('d2');
  expect(growTree([...nodes, { id: 'd3', parent: 'c', deleted: false }]).without('d2')).toBe('d');
  expect(growTree(nodes).without('b2')).toBe('d2');
  expect(growTree(nodes).without('c')).toBe('b');
  expect(growTree(nodes).without('a2')).toBe('d2');
  expect(growTree(without('a2')).without('a')).toBeNull();
});
