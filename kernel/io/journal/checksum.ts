import * as zlib from "node:zlib";

/** CRC-32 of IEEE 802.3, as in gzip and PNG; `before` is that of the bytes ahead. */
export type Checksum = (bytes: Uint8Array, before?: number) => number;

/** The reflected polynomial of IEEE 802.3. */
const POLYNOMIAL = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ ((rest & 1) * POLYNOMIAL);
  return rest;
});

/** The same a byte at a time, for releases of Node 20 before 20.15, whose zlib does not have it. */
export const plainChecksum: Checksum = (bytes, before = 0) => {
  let rest = ~before;
  for (let at = 0; at < bytes.length; at++) {
    rest = (rest >>> 8) ^ (table[(rest ^ (bytes[at] as number)) & 255] as number);
  }
  return ~rest >>> 0;
};

/** The fastest that this Node has: 4 GB a second in zlib. */
export const checksum: Checksum = (zlib as { readonly crc32?: Checksum }).crc32 ?? plainChecksum;
