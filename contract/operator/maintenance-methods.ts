import { UnavailabilitySchema } from "../schema/agent.ts";
import { AgentIdSchema, FrameworkIdSchema, oneOf, TimeMsSchema } from "../schema/basics.ts";
import { type Static, Type } from "../typebox.ts";
import { method } from "./method.ts";

/** A machine by hostname, address or both. On it are the agents for which all that is said fits. */
export const MachineIdSchema = Type.Object({
  hostname: Type.Optional(Type.String()),
  ip: Type.Optional(Type.String()),
});
/** See `MachineIdSchema`. */
export type MachineId = Static<typeof MachineIdSchema>;

/** Machines that are going to be away together (I1). */
export const MaintenanceWindowSchema = Type.Object({
  machines: Type.Array(MachineIdSchema),
  unavailability: UnavailabilitySchema,
});
/** See `MaintenanceWindowSchema`. */
export type MaintenanceWindow = Static<typeof MaintenanceWindowSchema>;

/** What a framework answered when it was asked to make an agent free (C15). */
export const InverseAnswerSchema = Type.Object({
  frameworkId: FrameworkIdSchema,
  agentId: AgentIdSchema,
  answer: oneOf("ACCEPT", "DECLINE", "UNKNOWN"),
  timestampMs: TimeMsSchema,
});
/** See `InverseAnswerSchema`. */
export type InverseAnswer = Static<typeof InverseAnswerSchema>;

const machines = Type.Object({ machines: Type.Array(MachineIdSchema) });
const nothing = Type.Object({});

/** Methods of planned maintenance (I1–I4). */
export const maintenanceMethods = {
  maintenance: method(
    nothing,
    Type.Object({
      windows: Type.Array(MaintenanceWindowSchema),
      /** Machines that are scheduled and still up, with the answers of frameworks. */
      draining: Type.Array(
        Type.Object({ machine: MachineIdSchema, answers: Type.Array(InverseAnswerSchema) }),
      ),
      down: Type.Array(MachineIdSchema),
    }),
  ),
  /** Replaces the whole schedule (I1). */
  "update-maintenance": method(
    Type.Object({ windows: Type.Array(MaintenanceWindowSchema) }),
    nothing,
  ),
  /** Takes scheduled machines down: their agents are shut down and refused (I2). */
  "start-maintenance": method(machines, nothing),
  /** Brings machines up again; they leave the schedule (I2). */
  "stop-maintenance": method(machines, nothing),
} as const;
