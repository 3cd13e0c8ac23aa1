// A heap of agents with their ranks, the best at its root. What is taken off it stays behind it, in
// order, the best at the very end:
//
//   | heap of those that nobody asked for ... | those in order |
//
// An entry is the client's rank of the agent, the agent's rank of the client, and its place.

// @ts-ignore: decorator
@inline export const HEAP_ENTRY: usize = 24;

export function setEntry(heap: usize, index: u32, mine: f64, theirs: f64, place: u32): void {
  const at = heap + <usize>index * HEAP_ENTRY;
  store<f64>(at, mine);
  store<f64>(at, theirs, 8);
  store<u32>(at, place, 16);
}

// @ts-ignore: decorator
@inline export function placeOf(heap: usize, index: u32): u32 {
  return load<u32>(heap + <usize>index * HEAP_ENTRY, 16);
}

export function makeHeap(heap: usize, size: u32): void {
  for (let at = size >> 1; at > 0; at--) sink(heap, at - 1, size);
}

/** Moves the best to the end; the heap is one smaller then. */
export function takeBest(heap: usize, size: u32): void {
  swap(heap, heap + <usize>(size - 1) * HEAP_ENTRY);
  sink(heap, 0, size - 1);
}

function sink(heap: usize, from: u32, size: u32): void {
  let at = heap + <usize>from * HEAP_ENTRY;
  for (let index = from * 2 + 1; index < size; index = index * 2 + 1) {
    let child = heap + <usize>index * HEAP_ENTRY;
    if (index + 1 < size && isBetter(child + HEAP_ENTRY, child)) {
      child += HEAP_ENTRY;
      index += 1;
    }
    if (!isBetter(child, at)) return;
    swap(at, child);
    at = child;
  }
}

function isBetter(a: usize, b: usize): bool {
  if (load<f64>(a) != load<f64>(b)) return load<f64>(a) > load<f64>(b);
  if (load<f64>(a, 8) != load<f64>(b, 8)) return load<f64>(a, 8) > load<f64>(b, 8);
  return load<u32>(a, 16) < load<u32>(b, 16);
}

function swap(a: usize, b: usize): void {
  const ranks = v128.load(a), place = load<u32>(a, 16);
  v128.store(a, v128.load(b));
  store<u32>(a, load<u32>(b, 16), 16);
  v128.store(b, ranks);
  store<u32>(b, place, 16);
}
