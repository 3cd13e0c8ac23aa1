import { type FaultTable, fault } from "./fault.ts";

/** Refusals of images that an agent unpacks itself (F57, F70). */
export const imageErrors = {
  IMAGE_NAME_INVALID: (name: string, reason: string) =>
    fault("IMAGE_NAME_INVALID", 400, `"${name}" names no image: ${reason}`, {
      where: `image ${name}`,
      hint: "NAME, NAME:TAG, or a path in the agent's images.dir",
    }),
  IMAGE_NOT_FOUND: (name: string, tried: readonly string[]) =>
    fault("IMAGE_NOT_FOUND", 404, `this agent has no image "${name}"`, {
      where: `image ${name}`,
      hint: "put it there as a tarball or an OCI layout",
      details: tried.map((path) => `looked for ${path}`),
    }),
  IMAGE_INVALID: (name: string, reason: string) =>
    fault("IMAGE_INVALID", 400, `it is no image that can be unpacked: ${reason}`, {
      where: `image ${name}`,
    }),
  IMAGE_DIGEST: (name: string, what: string, wanted: string, found: string) =>
    fault("IMAGE_DIGEST", 400, `${what} is ${found} and should be ${wanted}`, {
      where: `image ${name}`,
      hint: "it is damaged or was changed: copy it again",
    }),
  IMAGE_ESCAPES: (name: string, entry: string) =>
    fault("IMAGE_ESCAPES", 400, `something in it leads out of it: ${entry}`, {
      where: `image ${name}`,
    }),
  IMAGE_NO_ROOM: (name: string, reason: string) =>
    fault("IMAGE_NO_ROOM", 507, `there is no room for it: ${reason}`, {
      where: `image ${name}`,
      hint: "raise images.cacheSize, or free space on the disk of workDir",
    }),
  IMAGE_UNSUPPORTED: (name: string, reason: string) =>
    fault("IMAGE_UNSUPPORTED", 400, `this agent cannot run it: ${reason}`, {
      where: `image ${name}`,
    }),
} satisfies FaultTable;
