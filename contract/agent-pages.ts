import { compile } from "./check.ts";
import {
  ContainerIdSchema,
  ExecutorIdSchema,
  FrameworkIdSchema,
  TaskIdSchema,
  TimeMsSchema,
} from "./schema/basics.ts";
import { type Static, Type } from "./typebox.ts";

const Count = Type.Number({ minimum: 0 });

/** What a container uses, as far as somebody measures it; see `Usage` of the isolator port. */
export const ContainerUsageSchema = Type.Object({
  frameworkId: FrameworkIdSchema,
  executorId: ExecutorIdSchema,
  containerId: ContainerIdSchema,
  /** Those that run in it: one for a command, any number for an executor. */
  taskIds: Type.Array(TaskIdSchema),
  /** When it was measured; absent, with the figures, when nobody could. */
  timeMs: Type.Optional(TimeMsSchema),
  processes: Type.Optional(Count),
  threads: Type.Optional(Count),
  cpusUserSeconds: Type.Optional(Count),
  cpusSystemSeconds: Type.Optional(Count),
  cpusThrottledSeconds: Type.Optional(Count),
  cpusLimit: Type.Optional(Count),
  memRssBytes: Type.Optional(Count),
  memTotalBytes: Type.Optional(Count),
  memLimitBytes: Type.Optional(Count),
});
/** See `ContainerUsageSchema`. */
export type ContainerUsage = Static<typeof ContainerUsageSchema>;

/** What an agent answers to `/usage`. */
export const UsagePageSchema = Type.Object({ containers: Type.Array(ContainerUsageSchema) });
/** See `UsagePageSchema`. */
export type UsagePage = Static<typeof UsagePageSchema>;

/** Checks what an agent answers to `/usage`. */
export const usagePageCheck = compile(UsagePageSchema, "usage", "wire");
