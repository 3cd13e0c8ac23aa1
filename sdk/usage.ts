import { hostPort } from "../contract/address.ts";
import { type ContainerUsage, usagePageCheck } from "../contract/agent-pages.ts";
import { problemLine } from "../contract/check.ts";
import { errors, reasonOf, TepuiError } from "../contract/errors.ts";
import { within } from "../wire/within.ts";
import { basicHeaders } from "./credentials.ts";

/** An agent that says nothing for this long is not going to. */
const SILENCE_MS = 5_000;

/** Whose usage is asked for; that of all where nothing is said. */
export interface UsageQuery {
  readonly frameworkId?: string;
  readonly taskId?: string;
}

/**
 * What the containers of an agent use now; `credentials` are `PRINCIPAL:SECRET`.
 * @throws AGENT_UNREADABLE when the agent does not answer, AGENT_CREDENTIALS when it wants others
 */
export async function agentUsage(
  ip: string,
  port: number,
  query: UsageQuery,
  signal: AbortSignal,
  credentials?: string,
): Promise<readonly ContainerUsage[]> {
  const url = new URL(`http://${hostPort(ip, port)}/usage`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  let page: unknown;
  try {
    const headers = basicHeaders(credentials);
    page = await within(SILENCE_MS, signal, async (either) => {
      const response = await fetch(url, { headers, signal: either });
      if (response.status === 401) throw errors.AGENT_CREDENTIALS(url.host);
      if (!response.ok) throw new Error(`the agent answered ${response.status}`);
      return await response.json();
    });
  } catch (thrown) {
    if (thrown instanceof TepuiError) throw thrown;
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw errors.AGENT_UNREADABLE(url.href, reasonOf(cause));
  }
  const checked = usagePageCheck.check(page);
  if (checked.ok) return checked.value.containers;
  throw errors.AGENT_UNREADABLE(url.href, checked.problems.map(problemLine).join("; "));
}
