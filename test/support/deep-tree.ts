import { execFileSync } from "node:child_process";

/** Longer than any path that the system takes, with what is in front of it: 60 names of 99. */
const LEVELS = 60;

/**
 * Makes folders below each other in one that is there, so deep that no path leads to the lowest
 * one, with a file in it.
 */
export function makeDeepTree(folder: string): void {
  const program = `
    chdir($ARGV[0]) or die $!;
    my $name = "d" x 99;
    for (1 .. ${LEVELS}) { (mkdir($name) && chdir($name)) or die $! }
    open(my $file, ">", "lowest") or die $!;
  `;
  execFileSync("perl", ["-e", program, folder]);
}
