import fc from "fast-check";
import type { RoleName } from "../../contract/ids.ts";
import { normalize, type Reservation, type Resource } from "../../contract/resources.ts";

const role = fc.constantFrom("a", "a/b", "c").map((name) => name as RoleName);
const labels = fc.constantFrom(
  undefined,
  [{ key: "k", value: "1" }],
  [{ key: "k" }, { key: "l", value: "" }],
);

const reservation = fc.oneof(
  role.map((name): Reservation => ({ type: "static", role: name })),
  fc.tuple(role, fc.constantFrom(undefined, "p"), labels).map(
    ([name, principal, some]): Reservation => ({
      type: "dynamic",
      role: name,
      ...(principal === undefined ? {} : { principal }),
      ...(some === undefined ? {} : { labels: some }),
    }),
  ),
);

/** Ranges as a peer might send them: unsorted and overlapping. */
export const untidyRanges = fc.array(
  fc
    .tuple(fc.nat(60), fc.nat(8))
    .map(([begin, more]): { begin: number; end: number } => ({ begin, end: begin + more })),
  { maxLength: 8 },
);

const amount = fc.oneof(
  { arbitrary: fc.record({ name: name("cpus", "mem", "odd"), scalar: fc.nat(5000) }), weight: 4 },
  { arbitrary: fc.record({ name: name("ports", "odd"), ranges: untidyRanges }), weight: 2 },
  {
    arbitrary: fc.record({
      name: name("licences", "odd"),
      set: fc.uniqueArray(fc.constantFrom("x", "y", "z", "é"), { maxLength: 4 }),
    }),
    weight: 1,
  },
);

function name(...names: string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...names);
}

const volume = fc.tuple(fc.constantFrom("v1", "v2"), fc.boolean(), fc.constantFrom(64, 128)).map(
  ([id, isShared, scalar]): Resource => ({
    name: "disk",
    scalar,
    reservations: [{ type: "dynamic", role: "a" as RoleName }],
    disk: { persistence: { id }, volume: { containerPath: id, mode: "RW" } },
    ...(isShared ? { shared: true as const } : {}),
  }),
);

const oneResource: fc.Arbitrary<Resource> = fc.oneof(
  {
    arbitrary: fc
      .tuple(amount, fc.option(reservation), fc.boolean())
      .map(([base, reserved, isRevocable]) => ({
        ...base,
        ...(reserved === null ? {} : { reservations: [reserved] }),
        ...(isRevocable ? { revocable: true as const } : {}),
      })),
    weight: 6,
  },
  { arbitrary: volume, weight: 1 },
);

/** Lists as a peer might send them. */
export const untidyResources = fc.array(oneResource, { maxLength: 8 });

/** Lists in normal form. */
export const pool = untidyResources.map(normalize);

/** Scalars and whole resources only: for these a sum always holds both parts in full. */
export const countablePool = untidyResources.map((list) =>
  normalize(list.filter((resource) => resource.scalar !== undefined)),
);

/** What the text syntax has words for: unreserved, or reserved statically once. */
export const textualPool = fc
  .array(
    fc.tuple(amount, fc.option(role)).map(
      ([base, owner]): Resource => ({
        ...base,
        ...(base.name === "gpus" ? { scalar: 1000 } : {}),
        ...(owner === null ? {} : { reservations: [{ type: "static", role: owner }] }),
      }),
    ),
    { maxLength: 6 },
  )
  .map(normalize);
