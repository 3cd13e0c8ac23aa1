import type { HttpHandler, HttpRouter } from "../../../contract/ports/http.ts";

/** Which side of the cluster serves something. */
export type Side = "master" | "agent";

/** What a process is called in the paths of its side (§1.1). */
const processNames = { master: "/master", agent: "/slave(1)" } as const;

/**
 * Serves a path with and without the name of its process before it, and everything below it, since
 * unknown deeper paths belong to the nearest one above (§1.1, §1.2).
 */
export function routeBoth(
  router: HttpRouter,
  side: Side,
  path: string,
  handler: HttpHandler,
): void {
  router.route("*", `${path}/*`, handler);
  router.route("*", `${processNames[side]}${path}/*`, handler);
}

/** Older clients put `.json` behind the names of views (§1.3). */
export function routeView(
  router: HttpRouter,
  side: Side,
  path: string,
  handler: HttpHandler,
): void {
  routeBoth(router, side, path, handler);
  routeBoth(router, side, `${path}.json`, handler);
}
