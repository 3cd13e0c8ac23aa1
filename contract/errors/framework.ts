import { type FaultTable, fault } from "./fault.ts";

/** Refusals of what a framework asks for (features B.1, C, M). */
export const frameworkErrors = {
  FRAMEWORK_UNKNOWN: (framework: string) =>
    fault("FRAMEWORK_UNKNOWN", 404, `framework ${framework} is not known`, {
      where: `framework ${framework}`,
      hint: "subscribe first",
    }),
} satisfies FaultTable;
