/*
 * Tepui's allocator ABI, version 1, for policies in C. Nothing in here decides anything.
 *
 * A policy is a WebAssembly module. The master writes the cluster into the module's own memory as
 * columns, calls allocate(), and reads decisions back as rows. Agents, clients (a framework in one
 * role) and roles are row numbers. A header of 256 words says where the columns are:
 *
 *   0                    header                 __heap_base                       end (since init)
 *   | stack, constants ... | 256 words | ... | columns, each on a cache line ... | state | scratch |
 *
 * The policy chooses where its columns lie, in init(), and asks only for those that it needs. What
 * every column means, and its unit, is in docs/abi/allocator-v1.md of Tepui.
 */
#ifndef TEPUI_ALLOCATOR_H
#define TEPUI_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

/* numbers:begin (written by Tepui's `npm run docs`; do not edit) */
#define TEPUI_KINDS 8
#define TEPUI_MAGIC 0x414c4154u
#define TEPUI_HEADER_SLOTS 256

enum tepui_slot {
  TEPUI_SLOT_MAGIC = 0,
  TEPUI_SLOT_HOST_MINOR = 1,
  TEPUI_SLOT_AGENTS_MAX = 2,
  TEPUI_SLOT_CLIENTS_MAX = 3,
  TEPUI_SLOT_ROLES_MAX = 4,
  TEPUI_SLOT_RESERVATIONS_MAX = 5,
  TEPUI_SLOT_ATTRIBUTES_MAX = 6,
  TEPUI_SLOT_ALTERNATIVES_MAX = 7,
  TEPUI_SLOT_DECISIONS_MAX = 8,
  TEPUI_SLOT_PARAMS_MAX = 9,
  TEPUI_SLOT_PROGRAM_BYTES_MAX = 10,
  TEPUI_SLOT_EXPIRIES_MAX = 11,
  TEPUI_SLOT_OFFERS_MAX = 12,
  TEPUI_SLOT_AGENTS = 16,
  TEPUI_SLOT_CLIENTS = 17,
  TEPUI_SLOT_ROLES = 18,
  TEPUI_SLOT_RESERVATIONS = 19,
  TEPUI_SLOT_ATTRIBUTES = 20,
  TEPUI_SLOT_ALTERNATIVES = 21,
  TEPUI_SLOT_KINDS = 22,
  TEPUI_SLOT_CANDIDATES = 23,
  TEPUI_SLOT_STEPS_MAX = 24,
  TEPUI_SLOT_ROUND_LOW = 25,
  TEPUI_SLOT_ROUND_HIGH = 26,
  TEPUI_SLOT_SEED_LOW = 27,
  TEPUI_SLOT_SEED_HIGH = 28,
  TEPUI_SLOT_DEFAULT_MINIMUM = 29,
  TEPUI_SLOT_PARAMS = 30,
  TEPUI_SLOT_PROGRAM_BYTES = 31,
  TEPUI_SLOT_EVERYTHING_CHANGED = 32,
  TEPUI_SLOT_CHANGED_AGENTS = 33,
  TEPUI_SLOT_CHANGED_CLIENTS = 34,
  TEPUI_SLOT_CHANGED_ROLES = 35,
  TEPUI_SLOT_CHANGED_RESERVATIONS = 36,
  TEPUI_SLOT_CHANGED_FILTERS = 37,
  TEPUI_SLOT_PRESENCE = 38,
  TEPUI_SLOT_PROGRAM_CHANGED = 39,
  TEPUI_SLOT_EXPIRIES = 40,
  TEPUI_SLOT_OFFERS = 41,
  TEPUI_SLOT_OFFERS_CHANGED = 42,
  TEPUI_SLOT_MORE = 48,
  TEPUI_SLOT_LOOKED = 49,
  TEPUI_SLOT_STATE_ADDRESS = 50,
  TEPUI_SLOT_STATE_BYTES = 51,
  TEPUI_SLOT_NOTE = 52,
  TEPUI_SLOT_LOOK_AGAIN = 53,
  TEPUI_SLOT_AGENT_FLAGS = 64,
  TEPUI_SLOT_AGENT_TOTAL = 65,
  TEPUI_SLOT_AGENT_FREE = 66,
  TEPUI_SLOT_AGENT_REVOCABLE = 67,
  TEPUI_SLOT_AGENT_UNAVAILABLE_FROM = 68,
  TEPUI_SLOT_AGENT_FIRST_RESERVATION = 69,
  TEPUI_SLOT_AGENT_FIRST_ATTRIBUTE = 70,
  TEPUI_SLOT_RESERVATION_FLAGS = 71,
  TEPUI_SLOT_RESERVATION_AGENT = 72,
  TEPUI_SLOT_RESERVATION_ROLE = 73,
  TEPUI_SLOT_RESERVATION_NEXT = 74,
  TEPUI_SLOT_RESERVATION_FREE = 75,
  TEPUI_SLOT_RESERVATION_TOTAL = 76,
  TEPUI_SLOT_ATTRIBUTE_NAME = 77,
  TEPUI_SLOT_ATTRIBUTE_TEXT = 78,
  TEPUI_SLOT_ATTRIBUTE_NEXT = 79,
  TEPUI_SLOT_ATTRIBUTE_NUMBER = 80,
  TEPUI_SLOT_ROLE_FLAGS = 81,
  TEPUI_SLOT_ROLE_PARENT = 82,
  TEPUI_SLOT_ROLE_RANK = 83,
  TEPUI_SLOT_ROLE_SUBMIT_ORDER = 84,
  TEPUI_SLOT_ROLE_WEIGHT = 85,
  TEPUI_SLOT_ROLE_ALLOCATIONS = 86,
  TEPUI_SLOT_ROLE_GUARANTEE = 87,
  TEPUI_SLOT_ROLE_LIMIT = 88,
  TEPUI_SLOT_ROLE_USED = 89,
  TEPUI_SLOT_ROLE_CONSUMED = 90,
  TEPUI_SLOT_CLIENT_FLAGS = 91,
  TEPUI_SLOT_CLIENT_ROLE = 92,
  TEPUI_SLOT_CLIENT_FRAMEWORK = 93,
  TEPUI_SLOT_CLIENT_SUBMIT_ORDER = 94,
  TEPUI_SLOT_CLIENT_ALLOCATIONS = 95,
  TEPUI_SLOT_CLIENT_PRIORITY = 96,
  TEPUI_SLOT_CLIENT_FIRST_MINIMUM = 97,
  TEPUI_SLOT_CLIENT_USED = 98,
  TEPUI_SLOT_CLIENT_DEMAND = 99,
  TEPUI_SLOT_ALTERNATIVE_NEXT = 100,
  TEPUI_SLOT_ALTERNATIVE_LEAST = 101,
  TEPUI_SLOT_FILTERED = 102,
  TEPUI_SLOT_FILTER_EXPIRY = 103,
  TEPUI_SLOT_CANDIDATE_ROWS = 104,
  TEPUI_SLOT_CHANGED_AGENT_ROWS = 105,
  TEPUI_SLOT_CHANGED_CLIENT_ROWS = 106,
  TEPUI_SLOT_CHANGED_ROLE_ROWS = 107,
  TEPUI_SLOT_CHANGED_RESERVATION_ROWS = 108,
  TEPUI_SLOT_CHANGED_FILTER_ROWS = 109,
  TEPUI_SLOT_CLUSTER_TOTAL = 110,
  TEPUI_SLOT_CLOCK = 111,
  TEPUI_SLOT_PARAM_VALUES = 112,
  TEPUI_SLOT_PROGRAM = 113,
  TEPUI_SLOT_FILTER_COUNT = 114,
  TEPUI_SLOT_FILTER_EXPIRY_AGENT = 115,
  TEPUI_SLOT_FILTER_EXPIRY_CLIENT = 116,
  TEPUI_SLOT_OFFER_AGENT = 117,
  TEPUI_SLOT_OFFER_CLIENT = 118,
  TEPUI_SLOT_OFFER_SINCE = 119,
  TEPUI_SLOT_OFFER_AMOUNTS = 120,
  TEPUI_SLOT_OFFER_UNRESERVED = 121,
  TEPUI_SLOT_DECISION_AGENT = 128,
  TEPUI_SLOT_DECISION_CLIENT = 129,
  TEPUI_SLOT_DECISION_FLAGS = 130,
  TEPUI_SLOT_DECISION_AMOUNTS = 131,
};

enum tepui_agent {
  TEPUI_AGENT_PRESENT = 1,
  TEPUI_AGENT_ACTIVE = 2,
  TEPUI_AGENT_DRAINING = 4,
  TEPUI_AGENT_GPU_FENCED = 8,
  TEPUI_AGENT_REMOTE_REGION = 16,
};

enum tepui_client {
  TEPUI_CLIENT_PRESENT = 1,
  TEPUI_CLIENT_ACTIVE = 2,
  TEPUI_CLIENT_SUPPRESSED = 4,
  TEPUI_CLIENT_REVOCABLE = 8,
  TEPUI_CLIENT_GPU = 16,
  TEPUI_CLIENT_SHARED = 32,
  TEPUI_CLIENT_REFINEMENT = 64,
  TEPUI_CLIENT_REGION_AWARE = 128,
  TEPUI_CLIENT_HAS_DEMAND = 256,
};

enum tepui_role {
  TEPUI_ROLE_PRESENT = 1,
  TEPUI_ROLE_LIMITED = 2,
  TEPUI_ROLE_GUARANTEED = 4,
};

enum tepui_reservation {
  TEPUI_RESERVATION_PRESENT = 1,
  TEPUI_RESERVATION_REFINED = 2,
};

enum tepui_decision {
  TEPUI_DECISION_WHOLE = 1,
  TEPUI_DECISION_RESERVED = 2,
  TEPUI_DECISION_REVOCABLE = 4,
  TEPUI_DECISION_RECLAIM = 8,
};

enum tepui_presence {
  TEPUI_PRESENCE_REVOCABLE = 1,
  TEPUI_PRESENCE_LIMITS = 2,
  TEPUI_PRESENCE_GUARANTEES = 4,
};

enum tepui_answer {
  TEPUI_ANSWER_OK = 0,
  TEPUI_ANSWER_NO_ROOM = 1,
  TEPUI_ANSWER_BAD_SIZES = 2,
  TEPUI_ANSWER_UNKNOWN_STATE = 3,
};
/* numbers:end */

/* Makes a function visible to the master. */
#define TEPUI_EXPORT(name) __attribute__((export_name(#name)))

/* Quantities per kind: cpus, mem, disk, gpus and four more. Integers of thousandths. */
typedef double tepui_vector[TEPUI_KINDS];

/* The first byte that the linker has not given away. */
extern unsigned char __heap_base;

static _Alignas(64) uint32_t tepui_header[TEPUI_HEADER_SLOTS];

static inline uint32_t tepui_read(enum tepui_slot slot) { return tepui_header[slot]; }

static inline void tepui_write(enum tepui_slot slot, uint32_t value) { tepui_header[slot] = value; }

/* Where the layout has come to. 64 bits, so that tables that do not fit are noticed. */
static uint64_t tepui_end;

/* Starts the layout behind everything that the linker has placed. */
static void tepui_begin_layout(void) { tepui_end = (uintptr_t)&__heap_base; }

/* Reserves bytes of the policy's own. Whether they fit is found at the end of the layout. */
static void *tepui_reserve(uint64_t bytes) {
  uint64_t at = (tepui_end + 63) & ~(uint64_t)63;
  tepui_end = at + bytes;
  return (void *)(uintptr_t)at;
}

/* Asks for a column: `rows_max` is the slot that says how many rows it may have. */
static void *tepui_place(enum tepui_slot slot, enum tepui_slot rows_max, uint32_t row_bytes) {
  void *at = tepui_reserve((uint64_t)tepui_read(rows_max) * row_bytes);
  tepui_write(slot, (uint32_t)(uintptr_t)at);
  return at;
}

/* Names the private state, which a successor of the policy takes over. */
static void *tepui_place_state(uint32_t bytes) {
  void *at = tepui_reserve(bytes);
  tepui_write(TEPUI_SLOT_STATE_ADDRESS, (uint32_t)(uintptr_t)at);
  tepui_write(TEPUI_SLOT_STATE_BYTES, bytes);
  return at;
}

/*
 * Ends the layout: the memory grows to what it needs, which init() alone may do. The answer of init(),
 * never a trap, when these sizes do not fit into the most that the module may have.
 */
static int32_t tepui_end_layout(void) {
  uint64_t pages = (tepui_end + 0xffff) >> 16, have = __builtin_wasm_memory_size(0);
  if (pages > 0xffff) return TEPUI_ANSWER_NO_ROOM;
  if (pages > have && __builtin_wasm_memory_grow(0, pages - have) == (uintptr_t)-1) {
    return TEPUI_ANSWER_NO_ROOM;
  }
  tepui_write(TEPUI_SLOT_MAGIC, TEPUI_MAGIC);
  return TEPUI_ANSWER_OK;
}

#endif
