import { isIP } from "node:net";
import { hostname } from "node:os";

/**
 * Whether a request was sent by a web page that has no business here: one of another host, or one
 * whose own name was bound anew to this machine's address, so that to its browser it is of this
 * host. The second shows by the name: nobody's page is loaded from here under a name that is
 * neither this machine's nor among `names`. Who sends no `Origin` is no page, or only reads.
 */
export function isForeignPage(origin: string, host: string, names: readonly string[]): boolean {
  if (origin === "") return false;
  if (origin.replace(/^[a-z]+:\/\//i, "").toLowerCase() !== host.toLowerCase()) return true;
  const name = host
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "")
    .toLowerCase();
  if (isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost")) return false;
  const own = hostname().toLowerCase();
  return name !== own && !name.startsWith(`${own}.`) && !names.includes(name);
}
