import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { UserNumbers } from "../../contract/ports/isolator.ts";

const LINKS_MAX = 40;
const BYTES_MAX = 1 << 20;

/**
 * Reads a file of a root filesystem, with links as they lead inside it; `undefined` when there is
 * no such file, or it is none that could be read without harm.
 */
export function readInRoot(root: string, path: string): string | undefined {
  let [at, rest, links] = ["", path.split("/").filter((name) => name !== ""), 0];
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === ".") continue;
    if (name === "..") {
      at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
      continue;
    }
    const place = join(root, at, name);
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (!stat.isSymbolicLink()) {
      at = `${at}/${name}`;
      continue;
    }
    if (++links > LINKS_MAX) return undefined;
    const target = readlinkSync(place);
    if (isAbsolute(target)) at = "";
    rest = [...target.split("/").filter((each) => each !== ""), ...rest];
  }
  const stat = lstatSync(join(root, at), { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > BYTES_MAX) return undefined;
  return readFileSync(join(root, at), "utf8");
}

function rowsOf(root: string, path: string): string[][] {
  return (readInRoot(root, path) ?? "").split("\n").map((line) => line.split(":"));
}

/**
 * The user of an image's config, `USER[:GROUP]` by names or numbers, from its own lists;
 * `undefined` for a name that is in none.
 */
export function userInRoot(root: string, text: string): UserNumbers | undefined {
  const [name = "", group] = text.split(":");
  const groups = rowsOf(root, "etc/group");
  const isNumber = (word: string) => /^\d{1,9}$/.test(word);
  const row = rowsOf(root, "etc/passwd").find(([login, , uid]) => login === name || uid === name);
  if (row === undefined && !isNumber(name)) return undefined;
  const found = group === undefined ? undefined : groups.find(([each]) => each === group)?.[2];
  const ownGid = row?.[3] ?? "0";
  const gid = group === undefined ? ownGid : (found ?? group);
  const uid = row?.[2] ?? name;
  if (!isNumber(uid) || !isNumber(gid)) return undefined;
  const login = row?.[0];
  // A group that is named is the only one, as in Docker.
  const others =
    group !== undefined || login === undefined
      ? []
      : groups.filter(([, , , members]) => members?.split(",").includes(login) === true);
  const numbers = others.flatMap(([, , each]) =>
    each !== undefined && isNumber(each) ? Number(each) : [],
  );
  return { uid: Number(uid), gid: Number(gid), groups: numbers };
}
