import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** Where LMDB's own program has what is looked at, in bytes from the beginning of a meta page. */
const At = {
  MAGIC: 24,
  PAGE_BYTES: 48,
  FREE_ROOT: 88,
  MAIN_ROOT: 136,
  TRANSACTION: 152,
  END: 160,
} as const;
/** Stands for the root of a tree that is empty. */
const NO_PAGE = 2n ** 64n - 1n;
const MAGIC = 0xbeefc0de;
const PAGE_BYTES_MIN = 1 << 9;
const PAGE_BYTES_MAX = 1 << 16;

/** What one of the two pages at the beginning of a store says. */
interface MetaPage {
  readonly pageBytes: number;
  /** Pages that everything else hangs on. */
  readonly roots: readonly bigint[];
  readonly transaction: bigint;
}

/**
 * Sees that the file of an LMDB store is one, and has the roots of its trees where they should be.
 * LMDB maps the file and trusts it: one that is damaged there takes the process down with a signal
 * and no word. The file may well be shorter than the number of its last page says, where that is
 * free. Damage further down in the trees is not seen.
 * @throws an error that says what is wrong with it
 */
export function checkLmdbFile(folder: string): void {
  const file = join(folder, "data.mdb");
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return;
    throw thrown;
  }
  try {
    const { size } = fstatSync(handle);
    // One that has only been made is filled when it is opened.
    if (size === 0) return;
    const first = metaAt(handle, 0);
    const second = first && metaAt(handle, first.pageBytes);
    if (first === undefined || second === undefined) {
      throw new Error(`${file} is damaged, or no store of LMDB`);
    }
    const { roots, pageBytes } = second.transaction > first.transaction ? second : first;
    const pages = BigInt(Math.floor(size / pageBytes));
    const isCut = roots.some((root) => root !== NO_PAGE && root >= pages);
    if (isCut) throw new Error(`${file} is cut short: ${size} bytes are left`);
    for (const root of roots) {
      if (root === NO_PAGE || numberOf(handle, Number(root) * pageBytes) === root) continue;
      throw new Error(`${file} is damaged: page ${root} is not what it should be`);
    }
  } finally {
    closeSync(handle);
  }
}

/** The number that a page gives itself, which all begin with. */
function numberOf(handle: number, position: number): bigint | undefined {
  const number = new BigUint64Array(1);
  readSync(handle, new Uint8Array(number.buffer), 0, 8, position);
  return number[0];
}

/** Reads a meta page; `undefined` if there is none at this place. */
function metaAt(handle: number, position: number): MetaPage | undefined {
  // Numbers are those of the machine, as in the typed arrays.
  const bytes = new ArrayBuffer(At.END);
  if (readSync(handle, new Uint8Array(bytes), 0, At.END, position) < At.END) return undefined;
  const small = new Uint32Array(bytes);
  const large = new BigUint64Array(bytes);
  const pageBytes = small[At.PAGE_BYTES / 4] ?? 0;
  const isSize = pageBytes >= PAGE_BYTES_MIN && pageBytes <= PAGE_BYTES_MAX;
  if (small[At.MAGIC / 4] !== MAGIC || !isSize) return undefined;
  return {
    pageBytes,
    roots: [At.FREE_ROOT, At.MAIN_ROOT].map((at) => large[at / 8] ?? 0n),
    transaction: large[At.TRANSACTION / 8] ?? 0n,
  };
}
