import { type FaultTable, fault } from "./fault.ts";

/** Refusals of what arrives over a connection. */
export const wireErrors = {
  MESSAGE_INVALID: (message: string, where?: string) =>
    fault("MESSAGE_INVALID", 400, message, { where }),
} satisfies FaultTable;
