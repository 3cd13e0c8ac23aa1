/** The headers by which `PRINCIPAL:SECRET` is shown to an agent; none without it. */
export function basicHeaders(credentials: string | undefined): Record<string, string> {
  if (credentials === undefined) return {};
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}
