import { readFileSync } from "node:fs";
import { Option } from "commander";
import { errors, reasonOf } from "../contract/errors.ts";
import type { CliContext } from "./context.ts";

/** What commands are given that ask agents. */
export interface CredentialsOptions {
  readonly credentialsFile?: string;
}

/** `--credentials-file`. */
export function credentialsOption(): Option {
  const summary = "what agents want to be shown, PRINCIPAL:SECRET (TEPUI_CREDENTIALS_FILE)";
  return new Option("--credentials-file <file>", summary);
}

/**
 * What to show to agents, to be spread into what they are asked with.
 * @throws CREDENTIALS_INVALID
 */
export function credentialsOf(
  { environment }: CliContext,
  options: CredentialsOptions,
): { readonly credentials?: string } {
  const file = options.credentialsFile ?? environment["TEPUI_CREDENTIALS_FILE"];
  if (file === undefined || file === "") return {};
  let credentials: string;
  try {
    credentials = readFileSync(file, "utf8").trim();
  } catch (thrown) {
    throw errors.CREDENTIALS_INVALID(file, reasonOf(thrown));
  }
  if (/^[^:\n]+:[^\n]+$/.test(credentials)) return { credentials };
  throw errors.CREDENTIALS_INVALID(file, "it is not of the form PRINCIPAL:SECRET");
}
