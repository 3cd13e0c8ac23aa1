import { errors, reasonOf, remoteError } from "../contract/errors.ts";

/**
 * Posts something to an agent.
 * @throws EXEC_UNREACHABLE, and what the agent refuses
 */
export async function askAgent(agent: string, url: string, how: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...how, method: "POST" });
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw errors.EXEC_UNREACHABLE(agent, reasonOf(cause));
  }
  if (response.ok) return response;
  const report = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
  const { code, message } = report;
  if (code === "EXEC_SECRET_WRONG") throw errors.EXEC_SECRET_WRONG(agent);
  if (typeof code === "string" && typeof message === "string") {
    throw remoteError({ ...report, code, message }, response.status);
  }
  throw errors.EXEC_UNREACHABLE(agent, `it answered ${response.status}`);
}
