import { errors } from "../../contract/errors.ts";
import type { FetchUri } from "../../contract/schema/command.ts";

/**
 * Reads `URI[,cache][,executable][,noextract][,as=NAME][,sha256=HEX]`. A comma of the URI itself is
 * written `%2C`.
 * @throws CLI_USAGE
 */
export function fetchUriOf(text: string): FetchUri {
  const [value = "", ...words] = text.split(",");
  if (value === "") throw errors.CLI_USAGE(`"${text}" has no URI`);
  let uri: FetchUri = { value };
  for (const word of words) {
    if (word === "cache") uri = { ...uri, cache: true };
    else if (word === "executable") uri = { ...uri, executable: true };
    else if (word === "noextract") uri = { ...uri, extract: false };
    else if (word.startsWith("as=")) uri = { ...uri, outputFile: word.slice("as=".length) };
    else if (word.startsWith("sha256=")) uri = { ...uri, checksum: word.replace("=", "-") };
    else {
      throw errors.CLI_USAGE(
        `"${word}" says nothing of a URI`,
        "what may follow it is cache, executable, noextract, as=NAME and sha256=HEX",
      );
    }
  }
  return uri;
}
