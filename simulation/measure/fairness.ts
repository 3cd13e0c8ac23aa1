/** One who competes: where in the role tree, what it holds, and whether it wants more. */
export interface Competitor {
  /** Path of its role. */
  readonly role: string;
  /** Dominant share of the cluster, 0 to 1 (Ghodsi et al., NSDI 2011). */
  readonly share: number;
  readonly wantsMore: boolean;
}

/** Jain's index of `values` that should be equal: 1 when they are, 1/n when one has all. */
export function jainIndex(values: readonly number[]): number | undefined {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return squares === 0 ? undefined : (sum * sum) / (values.length * squares);
}

/**
 * What each competitor that wants more is entitled to: at each level of the role tree by weight
 * among the roles below which somebody wants more, and equally within a role.
 */
export function entitlements(
  competitors: readonly Competitor[],
  weightOf: (role: string) => number,
): readonly number[] {
  const members = new Map<string, number>();
  const children = new Map<string, Set<string>>();
  for (const { role } of competitors) {
    members.set(role, (members.get(role) ?? 0) + 1);
    for (const [parent, child] of steps(role)) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, new Set([child]));
      else known.add(child);
    }
  }
  const sumBelow = (parent: string): number => {
    let sum = 0;
    for (const child of children.get(parent) ?? []) sum += weightOf(child);
    // Frameworks in an inner role compete with its children as one of weight 1.
    return members.has(parent) ? sum + 1 : sum;
  };
  return competitors.map(({ role }) => {
    let part = 1;
    for (const [parent, child] of steps(role)) part *= weightOf(child) / sumBelow(parent);
    if (children.has(role)) part /= sumBelow(role);
    return part / (members.get(role) as number);
  });
}

/** A role and those above it, as parent and child from the top; the root is the empty text. */
function steps(role: string): [parent: string, child: string][] {
  const found: [string, string][] = [];
  for (let end = role.indexOf("/"), parent = ""; ; end = role.indexOf("/", end + 1)) {
    const child = end < 0 ? role : role.slice(0, end);
    found.push([parent, child]);
    if (end < 0) return found;
    parent = child;
  }
}

/**
 * How fairly the cluster is shared among those who want more than they have: Jain's index of what
 * they hold over what they are entitled to. `undefined` while fewer than two want more, or nobody
 * has anything.
 */
export function fairness(
  competitors: readonly Competitor[],
  weightOf: (role: string) => number,
): number | undefined {
  const wanting = competitors.filter(({ wantsMore }) => wantsMore);
  if (wanting.length < 2) return undefined;
  const entitled = entitlements(wanting, weightOf);
  return jainIndex(wanting.map(({ share }, at) => share / (entitled[at] as number)));
}
