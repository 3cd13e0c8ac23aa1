/**
 * Version of the contract between Tepui and its plugins, major.minor: a minor adds, a major
 * changes.
 */
export const CONTRACT_VERSION = "1.0";

function split(version: string): [major: number, minor: number] {
  const [major = "0", minor = "0"] = version.trim().split(".");
  return [Number(major), Number(minor)];
}

/**
 * True when a version of the contract is within the range that a manifest names. `1.2` accepts 1.2
 * and later minors of 1; ` || ` joins alternatives.
 */
export function speaksContract(range: string, version: string = CONTRACT_VERSION): boolean {
  const [ourMajor, ourMinor] = split(version);
  return range.split("||").some((alternative) => {
    const [major, minor] = split(alternative);
    return major === ourMajor && ourMinor >= minor;
  });
}
