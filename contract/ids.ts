/** A string that cannot be mistaken for another kind of string. */
type Brand<Name extends string> = string & { readonly __brand: Name };

/** Random UUID of one master process, new at every start (A7). */
export type MasterId = Brand<"MasterId">;
/** `<master id>-<four digits or more>` (A7), or what a framework brought from an earlier master. */
export type FrameworkId = Brand<"FrameworkId">;
/** `<master id>-S<n>` (A7). */
export type AgentId = Brand<"AgentId">;
/** `<master id>-O<n>`; offers and inverse offers share one counter (A7). */
export type OfferId = Brand<"OfferId">;
/** Chosen by the framework, unique among its live and unreachable tasks (M2). */
export type TaskId = Brand<"TaskId">;
/** Chosen by the framework, unique on an agent within that framework (B43). */
export type ExecutorId = Brand<"ExecutorId">;
/** Random UUID minted by the agent for one run of an executor (A7). */
export type ContainerId = Brand<"ContainerId">;
/** Path of a role in the role tree, `a/b/c`, or `*` (E5, E6). */
export type RoleName = Brand<"RoleName">;
/** 16 random bytes as 32 lower-case hexadecimal characters; names one status update (A7, D6). */
export type UpdateId = Brand<"UpdateId">;

/** Longest id that is accepted, in UTF-8 bytes (M1). */
export const ID_BYTES_MAX = 255;

/**
 * Says what is wrong with an id that a user chose, or `undefined` when it is a good one (M1).
 * Ids become path components on agents, hence the refusal of separators and dots.
 */
export function idProblem(id: string): string | undefined {
  if (id.length === 0) return "it is empty";
  if (Buffer.byteLength(id, "utf8") > ID_BYTES_MAX)
    return `it is longer than ${ID_BYTES_MAX} bytes`;
  if (id === "." || id === "..") return `"${id}" names a directory`;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return `it has a control character at position ${at}`;
    if (code === 0x2f || code === 0x5c) return `it has a "${id[at]}" at position ${at}`;
  }
  return undefined;
}

/** Longest name of a role, in UTF-8 bytes: it has to be a key of the registry. */
export const ROLE_BYTES_MAX = 1_024;

/**
 * Says what is wrong with a role name, or `undefined` when it is a good one (E6).
 * `*` stands alone; other names are paths of non-empty components.
 */
export function roleProblem(role: string): string | undefined {
  if (role === "*") return undefined;
  if (role.length === 0) return "it is empty";
  if (Buffer.byteLength(role, "utf8") > ROLE_BYTES_MAX) {
    return `it is longer than ${ROLE_BYTES_MAX} bytes`;
  }
  if (role.startsWith("-")) return 'it starts with "-"';
  if (/[\s\b]/.test(role)) return "it has white space";
  if ([...role].some((letter) => letter < " " || letter === "\u007f")) {
    return "it has a control character";
  }
  for (const part of role.split("/")) {
    if (part === "") return "it has an empty component";
    if (part === "." || part === "..") return `"${part}" is not a component`;
    if (part === "*") return '"*" is only a role when it stands alone';
  }
  return undefined;
}
