import { KINDS } from "../core/tables/shape.ts";

/** A role, the own clients of an inner role, or a client (the latter has `client` ≥ 0). */
export interface SorterNode {
  parent: SorterNode | undefined;
  readonly depth: number;
  readonly client: number;
  readonly weight: number;
  /** Last tie-break among siblings. */
  readonly order: number;
  share: number;
  grants: number;
  readonly used: number[];
  readonly members: SorterNode[];
  /** Tournament over the members: leaves in the second half, the winner at 1. */
  bracket: (SorterNode | undefined)[];
  /** Leaf in the parent's bracket. */
  leaf: number;
}

/** A node that hangs nowhere yet. */
export function newNode(
  parent: SorterNode | undefined,
  spec: { client?: number; weight?: number; order: number; grants: number },
): SorterNode {
  const node: SorterNode = {
    parent,
    depth: parent === undefined ? 0 : parent.depth + 1,
    client: spec.client ?? -1,
    weight: spec.weight ?? 1,
    order: spec.order,
    share: 0,
    grants: spec.grants,
    used: [0, 0, 0, 0, 0, 0, 0, 0],
    members: [],
    bracket: [],
    leaf: 0,
  };
  parent?.members.push(node);
  return node;
}

/** Dominant share: the greatest of used/whole, over the weight (E2). */
export function shareOf(node: SorterNode, whole: readonly number[]): number {
  let share = 0;
  for (let kind = 0; kind < KINDS; kind++) {
    share = Math.max(share, (node.used[kind] as number) / (whole[kind] as number));
  }
  return share / node.weight;
}

/** Plays the tournaments of a node and of all below it. */
export function playAll(node: SorterNode): void {
  let size = 1;
  while (size < node.members.length) size *= 2;
  node.bracket = new Array(size * 2).fill(undefined);
  for (const [index, member] of node.members.entries()) {
    member.leaf = size + index;
    node.bracket[member.leaf] = member;
    if (member.client < 0) playAll(member);
  }
  for (let at = size - 1; at >= 1; at--) {
    node.bracket[at] = better(node.bracket[at * 2], node.bracket[at * 2 + 1]);
  }
}

/** Adds a grant to the client and to everything above it, and plays their matches again. */
export function credit(client: SorterNode, quantity: ArrayLike<number>, whole: number[]): void {
  for (let node = client; node.parent !== undefined; node = node.parent) {
    const { parent } = node;
    // Whoever has no sibling is never compared.
    if (parent.members.length < 2) continue;
    for (let kind = 0; kind < KINDS; kind++) {
      node.used[kind] = (node.used[kind] as number) + (quantity[kind] as number);
    }
    node.share = shareOf(node, whole);
    node.grants += 1;
    let winner: SorterNode | undefined = node;
    for (let at = node.leaf; at > 1; ) {
      winner = better(winner, parent.bracket[at ^ 1]);
      at >>= 1;
      parent.bracket[at] = winner;
    }
  }
}

/** The neediest client below a node. */
export function neediest(node: SorterNode): SorterNode {
  let at = node;
  while (at.client < 0) at = at.bracket[1] as SorterNode;
  return at;
}

/** Is client `a` served before client `b`? Compares where their ways to the root part. */
export function before(a: SorterNode, b: SorterNode): boolean {
  let [x, y] = [a, b];
  while (x.depth > y.depth) x = x.parent as SorterNode;
  while (y.depth > x.depth) y = y.parent as SorterNode;
  while (x.parent !== y.parent) {
    x = x.parent as SorterNode;
    y = y.parent as SorterNode;
  }
  return better(x, y) === x;
}

function better(a: SorterNode | undefined, b: SorterNode | undefined): SorterNode | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a.share !== b.share) return a.share < b.share ? a : b;
  if (a.grants !== b.grants) return a.grants < b.grants ? a : b;
  return a.order < b.order ? a : b;
}
