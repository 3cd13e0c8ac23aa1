import { errors } from "../../contract/errors.ts";

/** A plugin as far as the order of starts is concerned. */
export interface Ordered {
  readonly name: string;
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  readonly offers: readonly string[];
}

/**
 * The order in which plugins start: after everything that offers what they require or would use,
 * and otherwise in the order given. All offers of a port count, because a plugin may use all of
 * them.
 * @throws PLUGIN_CYCLE naming the circle.
 */
export function startOrder<P extends Ordered>(plugins: readonly P[]): readonly P[] {
  const offering = new Map<string, P[]>();
  for (const plugin of plugins) {
    for (const port of plugin.offers) {
      const others = offering.get(port);
      if (others === undefined) offering.set(port, [plugin]);
      else others.push(plugin);
    }
  }
  const done = new Set<P>();
  const path: P[] = [];
  const visit = (plugin: P): void => {
    if (done.has(plugin)) return;
    const begins = path.indexOf(plugin);
    if (begins >= 0) {
      throw errors.PLUGIN_CYCLE([...path.slice(begins), plugin].map(({ name }) => name));
    }
    path.push(plugin);
    for (const port of [...plugin.requires, ...plugin.optional]) {
      for (const before of offering.get(port) ?? []) visit(before);
    }
    path.pop();
    done.add(plugin);
  };
  for (const plugin of plugins) visit(plugin);
  return [...done];
}
