/** The shape of a chat: which turns hang below which, and where one stands. Deleted turns and what hangs below them are not in it. */

export interface Node {
  id: string;
  /** null for a first question. */
  parent: string | null;
  deleted: boolean;
}

export interface Tree {
  has(id: string): boolean;
  /** Ids of the alternatives at the place of `id` in time order, itself included. */
  siblings(id: string): string[];
  /** From the first question to `id`; empty when it is not in the tree. */
  path(id: string | null): string[];
  /** The latest end of a conversation through `id`. */
  latest(id: string): string;
  /** `id` and everything below it. */
  below(id: string): Set<string>;
  /** Where to stand when `id` goes: the end below the alternative before it, else after it, else its parent, else nowhere. */
  without(id: string): string | null;
}

/** The tree of `nodes`, which come in time order: a parent before what hangs below it. */
export function growTree(nodes: Node[]): Tree {
  const parents = new Map<string, string | null>();
  const children = new Map<string | null, string[]>();
  for (const { id, parent, deleted } of nodes) {
    if (deleted || (parent !== null && !parents.has(parent))) continue;
    parents.set(id, parent);
    const row = children.get(parent);
    if (row) row.push(id);
    else children.set(parent, [id]);
  }

  const below = (id: string): Set<string> => {
    const found = new Set([id]);
    for (const turn of found) for (const child of children.get(turn) ?? []) found.add(child);
    return found;
  };
  const latest = (id: string): string => {
    const found = below(id);
    let last = id;
    for (const turn of parents.keys()) if (found.has(turn)) last = turn;
    return last;
  };
  const siblings = (id: string): string[] => children.get(parents.get(id) ?? null) ?? [];

  return {
    has: (id) => parents.has(id),
    siblings,
    path(id) {
      const path: string[] = [];
      for (let at = id; at !== null && parents.has(at); at = parents.get(at) ?? null) path.unshift(at);
      return path;
    },
    latest,
    below,
    without(id) {
      const row = siblings(id);
      const at = row.indexOf(id);
      const next = row[at - 1] ?? row[at + 1];
      return next === undefined ? (parents.get(id) ?? null) : latest(next);
    },
  };
}
