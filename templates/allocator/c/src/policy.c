/*
 * __NAME__: each agent goes to the client that has least of the cluster.
 *
 * What a client has is its dominant share, the largest part that it has of any one kind of
 * resource, over the weight of its role. The clients stand in line, the one with the least first;
 * an agent goes to the first in line that may have it and wants it, who then falls back in line.
 */
#include "cluster.h"

/* Parameters, by the index that plugin.json gives them. */
enum { PARAM_KIND = 0 };

/* Counts the meanings of the private state. Schema 1: rounds so far, as 64 bits. */
enum { STATE_SCHEMA = 1, STATE_BYTES = 8 };

static uint64_t *rounds;
static double *params, *cluster_total, *client_order, *role_weight;
static tepui_vector *client_used;

/* The line: ready clients, and for every client what it has and its share of the cluster. */
static uint32_t *line, line_length;
static tepui_vector *has;
static double *share;

/* The name of this export is the ABI's major version, its value the minor. */
TEPUI_EXPORT(allocator_abi_v1) int32_t allocator_abi_v1(void) { return 0; }

TEPUI_EXPORT(state_schema) int32_t state_schema(void) { return STATE_SCHEMA; }

/* Where the header is. Called first. */
TEPUI_EXPORT(header) uint32_t *header(void) { return tepui_header; }

/* Lays the memory out for tables as large as the header says. Called once, before any round. */
TEPUI_EXPORT(init) int32_t init(void) {
  uint64_t clients = tepui_read(TEPUI_SLOT_CLIENTS_MAX);
  tepui_begin_layout();
  place_cluster();
  client_used = vectors(TEPUI_SLOT_CLIENT_USED, TEPUI_SLOT_CLIENTS_MAX);
  client_order = tepui_place(TEPUI_SLOT_CLIENT_SUBMIT_ORDER, TEPUI_SLOT_CLIENTS_MAX, 8);
  role_weight = tepui_place(TEPUI_SLOT_ROLE_WEIGHT, TEPUI_SLOT_ROLES_MAX, 8);
  params = tepui_place(TEPUI_SLOT_PARAM_VALUES, TEPUI_SLOT_PARAMS_MAX, 8);
  cluster_total = tepui_reserve(sizeof(tepui_vector));
  tepui_write(TEPUI_SLOT_CLUSTER_TOTAL, (uint32_t)(uintptr_t)cluster_total);
  rounds = tepui_place_state(STATE_BYTES);
  line = tepui_reserve(clients * sizeof *line);
  has = tepui_reserve(clients * sizeof *has);
  share = tepui_reserve(clients * sizeof *share);
  return tepui_end_layout();
}

/* Takes over the private state of a predecessor, which the master has put in its place already. */
TEPUI_EXPORT(restore) int32_t restore(int32_t schema, int32_t bytes) {
  bool known = schema == STATE_SCHEMA && bytes == STATE_BYTES;
  return known ? TEPUI_ANSWER_OK : TEPUI_ANSWER_UNKNOWN_STATE;
}

/* How much a client has: of one kind if the parameter names one, else of the kind it has most of. */
static double share_of(uint32_t client) {
  int32_t only = tepui_read(TEPUI_SLOT_PARAMS) > PARAM_KIND ? (int32_t)params[PARAM_KIND] : -1;
  double most = 0;
  for (int32_t kind = 0; kind < TEPUI_KINDS; kind++) {
    if (cluster_total[kind] <= 0 || (only >= 0 && only != kind)) continue;
    double part = has[client][kind] / cluster_total[kind];
    if (part > most) most = part;
  }
  return most / role_weight[client_role[client]];
}

/* Equal shares are settled by age, so that the same cluster always has the same line. */
static bool before(uint32_t a, uint32_t b) {
  if (share[a] != share[b]) return share[a] < share[b];
  return client_order[a] < client_order[b];
}

/* Lines up the clients that may be offered something (a shell sort). */
static void line_up(void) {
  uint32_t clients = tepui_read(TEPUI_SLOT_CLIENTS);
  line_length = 0;
  for (uint32_t client = 0; client < clients; client++) {
    if (!client_ready(client)) continue;
    for (int kind = 0; kind < TEPUI_KINDS; kind++) has[client][kind] = client_used[client][kind];
    share[client] = share_of(client);
    line[line_length++] = client;
  }
  for (uint32_t gap = line_length / 2; gap > 0; gap /= 2) {
    for (uint32_t from = gap; from < line_length; from++) {
      uint32_t client = line[from], to = from;
      for (; to >= gap && before(client, line[to - gap]); to -= gap) line[to] = line[to - gap];
      line[to] = client;
    }
  }
}

/* Moves the client at a place of the line back to where its share belongs now. */
static void fall_back(uint32_t place) {
  uint32_t client = line[place];
  for (; place + 1 < line_length && before(line[place + 1], client); place++) {
    line[place] = line[place + 1];
  }
  line[place] = client;
}

/* Gives an agent to the first in line that may have it; answers how many were asked. */
static uint32_t give(uint32_t agent) {
  tepui_vector unreserved, sum;
  for (uint32_t place = 0; place < line_length; place++) {
    uint32_t client = line[place];
    if (!may_meet(agent, client) || !offer_for(agent, client, unreserved, sum)) continue;
    decide(agent, client, unreserved);
    add_to(has[client], sum);
    share[client] = share_of(client);
    fall_back(place);
    return place + 1;
  }
  return line_length;
}

/* One round over the candidates, in the order in which the master names them. */
TEPUI_EXPORT(allocate) int32_t allocate(void) {
  uint32_t candidates = tepui_read(TEPUI_SLOT_CANDIDATES), looked = 0;
  uint64_t steps = 0, steps_max = tepui_read(TEPUI_SLOT_STEPS_MAX);
  *rounds += 1;
  begin_round();
  line_up();
  for (; looked < candidates && steps <= steps_max; looked++) {
    uint32_t agent = candidate_rows[looked];
    /* Eight clients that are passed over count as much as one agent. */
    steps += 1 + (agent_ready(agent) ? give(agent) / 8 : 0);
  }
  tepui_write(TEPUI_SLOT_MORE, looked < candidates);
  tepui_write(TEPUI_SLOT_LOOKED, looked);
  return (int32_t)rows;
}
