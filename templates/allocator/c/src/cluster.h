/*
 * What may be given to whom: everything that the master checks of a decision. A policy built on
 * these functions is left with its order; it is yours to change all the same.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include "tepui_allocator.h"

static uint32_t *agent_flags, *client_flags, *client_role, *role_flags, *role_parent;
static uint32_t *first_reservation, *reservation_flags, *reservation_role, *reservation_next;
static uint32_t *first_minimum, *alternative_next;
static uint32_t *filtered, *candidate_rows;
static tepui_vector *agent_free, *agent_revocable, *reservation_free, *role_limit, *role_consumed;
static tepui_vector *alternative_least;
static uint32_t *decision_agent, *decision_client, *decision_flags;
static tepui_vector *decision_amounts;

/* What limits count so far, this round's decisions included. */
static tepui_vector *consumed;
static uint32_t rows;

static uint32_t *words(enum tepui_slot slot, enum tepui_slot rows_max) {
  return tepui_place(slot, rows_max, 4);
}

static tepui_vector *vectors(enum tepui_slot slot, enum tepui_slot rows_max) {
  return tepui_place(slot, rows_max, sizeof(tepui_vector));
}

/* Asks for every column that the functions below read. */
static void place_cluster(void) {
  agent_flags = words(TEPUI_SLOT_AGENT_FLAGS, TEPUI_SLOT_AGENTS_MAX);
  agent_free = vectors(TEPUI_SLOT_AGENT_FREE, TEPUI_SLOT_AGENTS_MAX);
  agent_revocable = vectors(TEPUI_SLOT_AGENT_REVOCABLE, TEPUI_SLOT_AGENTS_MAX);
  first_reservation = words(TEPUI_SLOT_AGENT_FIRST_RESERVATION, TEPUI_SLOT_AGENTS_MAX);
  reservation_flags = words(TEPUI_SLOT_RESERVATION_FLAGS, TEPUI_SLOT_RESERVATIONS_MAX);
  reservation_role = words(TEPUI_SLOT_RESERVATION_ROLE, TEPUI_SLOT_RESERVATIONS_MAX);
  reservation_next = words(TEPUI_SLOT_RESERVATION_NEXT, TEPUI_SLOT_RESERVATIONS_MAX);
  reservation_free = vectors(TEPUI_SLOT_RESERVATION_FREE, TEPUI_SLOT_RESERVATIONS_MAX);
  role_flags = words(TEPUI_SLOT_ROLE_FLAGS, TEPUI_SLOT_ROLES_MAX);
  role_parent = words(TEPUI_SLOT_ROLE_PARENT, TEPUI_SLOT_ROLES_MAX);
  role_limit = vectors(TEPUI_SLOT_ROLE_LIMIT, TEPUI_SLOT_ROLES_MAX);
  role_consumed = vectors(TEPUI_SLOT_ROLE_CONSUMED, TEPUI_SLOT_ROLES_MAX);
  client_flags = words(TEPUI_SLOT_CLIENT_FLAGS, TEPUI_SLOT_CLIENTS_MAX);
  client_role = words(TEPUI_SLOT_CLIENT_ROLE, TEPUI_SLOT_CLIENTS_MAX);
  first_minimum = words(TEPUI_SLOT_CLIENT_FIRST_MINIMUM, TEPUI_SLOT_CLIENTS_MAX);
  alternative_next = words(TEPUI_SLOT_ALTERNATIVE_NEXT, TEPUI_SLOT_ALTERNATIVES_MAX);
  alternative_least = vectors(TEPUI_SLOT_ALTERNATIVE_LEAST, TEPUI_SLOT_ALTERNATIVES_MAX);
  /* One bit for each client, in a row of bits for each agent. */
  filtered = tepui_place(TEPUI_SLOT_FILTERED, TEPUI_SLOT_AGENTS_MAX,
                         tepui_read(TEPUI_SLOT_CLIENTS_MAX) / 8);
  candidate_rows = words(TEPUI_SLOT_CANDIDATE_ROWS, TEPUI_SLOT_AGENTS_MAX);
  decision_agent = words(TEPUI_SLOT_DECISION_AGENT, TEPUI_SLOT_DECISIONS_MAX);
  decision_client = words(TEPUI_SLOT_DECISION_CLIENT, TEPUI_SLOT_DECISIONS_MAX);
  decision_flags = words(TEPUI_SLOT_DECISION_FLAGS, TEPUI_SLOT_DECISIONS_MAX);
  decision_amounts = vectors(TEPUI_SLOT_DECISION_AMOUNTS, TEPUI_SLOT_DECISIONS_MAX);
  consumed = tepui_reserve((uint64_t)tepui_read(TEPUI_SLOT_ROLES_MAX) * sizeof(tepui_vector));
}

/* Starts a round without decisions. The column of the master is left as it is: it relies on it. */
static void begin_round(void) {
  rows = 0;
  if (!(tepui_read(TEPUI_SLOT_PRESENCE) & TEPUI_PRESENCE_LIMITS)) return;
  __builtin_memcpy(consumed, role_consumed, tepui_read(TEPUI_SLOT_ROLES) * sizeof(tepui_vector));
}

/* May this agent be offered in this round? */
static bool agent_ready(uint32_t agent) {
  uint32_t wanted = TEPUI_AGENT_PRESENT | TEPUI_AGENT_ACTIVE;
  return (agent_flags[agent] & (wanted | TEPUI_AGENT_DRAINING)) == wanted;
}

/* May this client be offered anything in this round? */
static bool client_ready(uint32_t client) {
  uint32_t wanted = TEPUI_CLIENT_PRESENT | TEPUI_CLIENT_ACTIVE;
  return (client_flags[client] & (wanted | TEPUI_CLIENT_SUPPRESSED)) == wanted;
}

/* Has the client the capabilities that the agent asks for, and has it not declined the agent? */
static bool may_meet(uint32_t agent, uint32_t client) {
  uint32_t fences = agent_flags[agent], able = client_flags[client];
  if ((fences & TEPUI_AGENT_GPU_FENCED) && !(able & TEPUI_CLIENT_GPU)) return false;
  if ((fences & TEPUI_AGENT_REMOTE_REGION) && !(able & TEPUI_CLIENT_REGION_AWARE)) return false;
  uint32_t row_words = tepui_read(TEPUI_SLOT_CLIENTS_MAX) / 32;
  return !((filtered[(uint64_t)agent * row_words + client / 32] >> (client % 32)) & 1);
}

static bool some(const double *quantity) {
  for (int kind = 0; kind < TEPUI_KINDS; kind++) {
    if (quantity[kind] > 0) return true;
  }
  return false;
}

static bool holds(const double *quantity, const double *least) {
  for (int kind = 0; kind < TEPUI_KINDS; kind++) {
    if (quantity[kind] < least[kind]) return false;
  }
  return true;
}

/* Is this enough for the client: something, and one of the least quantities that it names? */
static bool worth_offering(const double *quantity, uint32_t client) {
  if (!some(quantity)) return false;
  uint32_t row = first_minimum[client];
  if (row == 0) return true;
  for (; row != 0; row = alternative_next[row]) {
    if (holds(quantity, alternative_least[row])) return true;
  }
  return false;
}

static void add_to(double *to, const double *quantity) {
  for (int kind = 0; kind < TEPUI_KINDS; kind++) to[kind] += quantity[kind];
}

/* Lowers a quantity to what the limits of the client's role and of those above it leave. */
static void cut_to_limits(double *quantity, uint32_t client) {
  if (!(tepui_read(TEPUI_SLOT_PRESENCE) & TEPUI_PRESENCE_LIMITS)) return;
  for (uint32_t role = client_role[client]; role != 0; role = role_parent[role]) {
    if (!(role_flags[role] & TEPUI_ROLE_LIMITED)) continue;
    for (int kind = 0; kind < TEPUI_KINDS; kind++) {
      double room = role_limit[role][kind] - consumed[role][kind];
      if (room < 0) room = 0;
      if (quantity[kind] > room) quantity[kind] = room;
    }
  }
}

static bool within(uint32_t role, uint32_t ancestor) {
  while (role != ancestor && role != 0) role = role_parent[role];
  return role == ancestor;
}

static void add_reserved(double *to, uint32_t agent, uint32_t client) {
  for (uint32_t row = first_reservation[agent]; row != 0; row = reservation_next[row]) {
    bool refined = reservation_flags[row] & TEPUI_RESERVATION_REFINED;
    if (refined && !(client_flags[client] & TEPUI_CLIENT_REFINEMENT)) continue;
    if (within(client_role[client], reservation_role[row])) add_to(to, reservation_free[row]);
  }
}

/*
 * What a client may have of an agent: `unreserved` is the part that limits count, `sum` has the
 * reservations of its role and of those above, and what is revocable, if it can use that. False
 * when it is not worth its while.
 */
static bool offer_for(uint32_t agent, uint32_t client, double *unreserved, double *sum) {
  for (int kind = 0; kind < TEPUI_KINDS; kind++) unreserved[kind] = agent_free[agent][kind];
  cut_to_limits(unreserved, client);
  for (int kind = 0; kind < TEPUI_KINDS; kind++) sum[kind] = unreserved[kind];
  add_reserved(sum, agent, client);
  if (client_flags[client] & TEPUI_CLIENT_REVOCABLE) add_to(sum, agent_revocable[agent]);
  return worth_offering(sum, client);
}

/* Writes the row that gives what `offer_for` found. */
static void decide(uint32_t agent, uint32_t client, const double *unreserved) {
  decision_agent[rows] = agent;
  decision_client[rows] = client;
  decision_flags[rows] = TEPUI_DECISION_RESERVED | TEPUI_DECISION_REVOCABLE;
  for (int kind = 0; kind < TEPUI_KINDS; kind++) decision_amounts[rows][kind] = unreserved[kind];
  rows += 1;
  if (!(tepui_read(TEPUI_SLOT_PRESENCE) & TEPUI_PRESENCE_LIMITS)) return;
  for (uint32_t role = client_role[client]; role != 0; role = role_parent[role]) {
    add_to(consumed[role], unreserved);
  }
}

#endif
