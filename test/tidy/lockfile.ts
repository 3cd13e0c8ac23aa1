/** The parts of package-lock.json (version 3) that the rules are about. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const publicHost = ["registry", "npmjs", "org"].join(".");
/** Its binaries for all systems: npm on one system has been seen to lock only that system's. */
const extractPlatforms = [
  "darwin-arm64",
  "darwin-x64",
  "linux-arm",
  "linux-arm64",
  "linux-x64",
  "win32-x64",
];
const extractVersion = "3.0.4";

/** What in the lock file would make `npm ci` fail, or differ, on somebody else's machine. */
export function lockfileProblems(lock: Lockfile): string[] {
  return [
    ...Object.entries(lock.packages).flatMap(([path, locked]) => packageProblems(path, locked)),
    ...missingOptional(lock),
    ...missingExtract(lock),
  ];
}

function packageProblems(path: string, locked: LockedPackage): string[] {
  if (path === "" || locked.link || locked.inBundle) return [];
  const problems = [];
  if (locked.resolved !== undefined && hostOf(locked.resolved) !== publicHost) {
    problems.push(`${path} is resolved to ${locked.resolved}, not to ${publicHost}`);
  }
  if (locked.integrity === undefined) problems.push(`${path} has no integrity`);
  return problems;
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}

function missingOptional(lock: Lockfile): string[] {
  return Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(lock, path, name))
      .map((name) => `${path || "the project"} may need ${name}, which is not locked`),
  );
}

/** Looks for a package as Node does: in the package's own node_modules, then further up. */
function isLocked(lock: Lockfile, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const candidate = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[candidate] !== undefined) return true;
    if (folder === "") return false;
  }
}

function missingExtract(lock: Lockfile): string[] {
  return extractPlatforms.flatMap((platform) => {
    const path = `node_modules/@msgpackr-extract/msgpackr-extract-${platform}`;
    const version = lock.packages[path]?.version;
    if (version === extractVersion) return [];
    return [`${path} is ${version ?? "not locked"}; it has to be ${extractVersion}`];
  });
}
