import { existsSync, statSync } from "node:fs";
import { isAbsolute, join, normalize, relative } from "node:path";
import { errors } from "../../contract/errors.ts";

const COMPONENT = "[A-Za-z0-9_][A-Za-z0-9_.-]*";
const NAME = new RegExp(
  `^(?<name>${COMPONENT}(?::\\d+/${COMPONENT})?(?:/${COMPONENT})*)` +
    "(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]*))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$",
);
const endings = ["", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"];

/** An image of the folder of images. */
export interface FoundImage {
  /** As it was asked for. */
  readonly name: string;
  /** An OCI layout, or a tarball. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Which of the images in it is meant. */
  readonly tag?: string;
  /** What its digest has to be. */
  readonly digest?: string;
}

/**
 * Finds an image: `NAME` and `NAME:latest` are the same, the registry and `library/` of Docker may
 * be left out in the folder, and a tag may be that of an image in the layout or tarball `NAME`.
 * @throws IMAGE_NAME_INVALID, IMAGE_NOT_FOUND
 */
export function findImage(dir: string, asked: string): FoundImage {
  if (isAbsolute(asked)) return atPath(dir, asked);
  const { name, tag, digest } = NAME.exec(asked)?.groups ?? {};
  if (name === undefined) {
    throw errors.IMAGE_NAME_INVALID(asked, "it is neither NAME[:TAG] nor a path");
  }
  const short = name.replace(/^docker\.io\//, "").replace(/^library\//, "");
  const latest = tag === undefined || tag === "latest";
  const names = [...new Set([name, short])].flatMap((each) => [
    ...(tag === undefined ? [] : [`${each}:${tag}`]),
    each,
    ...(tag === undefined ? [`${each}:latest`] : []),
  ]);
  const paths = names.flatMap((each) => endings.map((ending) => join(dir, `${each}${ending}`)));
  const path = paths.find(isImage);
  if (path === undefined) throw errors.IMAGE_NOT_FOUND(asked, paths);
  return {
    name: asked,
    path,
    isFolder: statSync(path).isDirectory(),
    ...(latest ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function atPath(dir: string, asked: string): FoundImage {
  const path = normalize(asked);
  if (relative(dir, path).split("/")[0] === "..") {
    throw errors.IMAGE_NAME_INVALID(asked, `it is not in ${dir}`);
  }
  if (!isImage(path)) throw errors.IMAGE_NOT_FOUND(asked, [path]);
  return { name: asked, path, isFolder: statSync(path).isDirectory() };
}

/** A folder is one where it holds a layout; others only lie on the way to images. */
function isImage(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  return stat.isDirectory() ? existsSync(join(path, "index.json")) : stat.isFile();
}
