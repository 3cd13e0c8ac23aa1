import type { RawRecord } from "./records.ts";

interface Head {
  record: RawRecord;
  readonly source: Iterator<RawRecord>;
}

/**
 * Merges runs that are each sorted by key into groups of one key with all its values, in order of
 * keys. Only one record of each run is in memory, and the values of one key.
 */
export function* mergeRuns(
  runs: readonly Iterable<RawRecord>[],
): Generator<{ readonly key: string; readonly values: readonly string[] }> {
  const heap: Head[] = [];
  for (const run of runs) {
    const source = run[Symbol.iterator]();
    const first = source.next();
    if (first.done !== true) push(heap, { record: first.value, source });
  }
  while (heap.length > 0) {
    const { key } = (heap[0] as Head).record;
    const values: string[] = [];
    while (heap.length > 0 && (heap[0] as Head).record.key === key) {
      const head = heap[0] as Head;
      values.push(head.record.value);
      const next = head.source.next();
      if (next.done === true) removeFirst(heap);
      else {
        head.record = next.value;
        sink(heap, 0);
      }
    }
    yield { key, values };
  }
}

function isBefore(heap: readonly Head[], a: number, b: number): boolean {
  return (heap[a] as Head).record.key < (heap[b] as Head).record.key;
}

function swap(heap: Head[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b] as Head, heap[a] as Head];
}

function push(heap: Head[], head: Head): void {
  heap.push(head);
  let at = heap.length - 1;
  while (at > 0 && isBefore(heap, at, (at - 1) >> 1)) {
    swap(heap, at, (at - 1) >> 1);
    at = (at - 1) >> 1;
  }
}

function removeFirst(heap: Head[]): void {
  const last = heap.pop() as Head;
  if (heap.length === 0) return;
  heap[0] = last;
  sink(heap, 0);
}

function sink(heap: Head[], from: number): void {
  let at = from;
  for (;;) {
    const left = 2 * at + 1;
    let least = at;
    if (left < heap.length && isBefore(heap, left, least)) least = left;
    if (left + 1 < heap.length && isBefore(heap, left + 1, least)) least = left + 1;
    if (least === at) return;
    swap(heap, at, least);
    at = least;
  }
}
