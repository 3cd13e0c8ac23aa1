//! __NAME__: each agent goes to the client that has least of the cluster.
//!
//! What a client has is its dominant share, the largest part that it has of any one kind of
//! resource, over the weight of its role. The clients stand in line, the one with the least first;
//! an agent goes to the first in line that may have it and wants it, who then falls back in line.
#![no_std]

mod abi;
mod cluster;

use abi::*;
use cluster::{add_to, Cluster};

/// Counts the meanings of the private state. Schema 1: rounds so far, as 64 bits.
const STATE_SCHEMA: i32 = 1;
/// Parameters, by the index that plugin.json gives them.
const PARAM_KIND: u32 = 0;

struct Policy {
    cluster: Cluster,
    rounds: Column<u64>,
    params: Column<f64>,
    cluster_total: Column<Vector>,
    client_used: Column<Vector>,
    client_order: Column<f64>,
    role_weight: Column<f64>,
    /// Ready clients, the one with the least first.
    line: Column<u32>,
    line_length: u32,
    /// By client: what it has, and its share of the cluster.
    has: Column<Vector>,
    share: Column<f64>,
}

static mut POLICY: Policy = Policy {
    cluster: Cluster::NONE,
    rounds: Column::NONE,
    params: Column::NONE,
    cluster_total: Column::NONE,
    client_used: Column::NONE,
    client_order: Column::NONE,
    role_weight: Column::NONE,
    line: Column::NONE,
    line_length: 0,
    has: Column::NONE,
    share: Column::NONE,
};

/// The one policy of this module; the master makes one call at a time.
fn policy() -> &'static mut Policy {
    unsafe { &mut *core::ptr::addr_of_mut!(POLICY) }
}

/// The name of this export is the ABI's major version, its value the minor.
#[no_mangle]
pub extern "C" fn allocator_abi_v1() -> i32 {
    0
}

#[no_mangle]
pub extern "C" fn state_schema() -> i32 {
    STATE_SCHEMA
}

/// Where the header is. Called first.
#[no_mangle]
pub extern "C" fn header() -> *mut u32 {
    abi::header()
}

/// Lays the memory out for tables as large as the header says. Called once, before any round.
#[no_mangle]
pub extern "C" fn init() -> i32 {
    let mut layout = Layout::begin();
    let clients = read(slot::CLIENTS_MAX);
    *policy() = Policy {
        cluster: Cluster::place(&mut layout),
        rounds: layout.place_state(),
        params: layout.place(slot::PARAM_VALUES, slot::PARAMS_MAX),
        cluster_total: layout.place_one(slot::CLUSTER_TOTAL),
        client_used: layout.place(slot::CLIENT_USED, slot::CLIENTS_MAX),
        client_order: layout.place(slot::CLIENT_SUBMIT_ORDER, slot::CLIENTS_MAX),
        role_weight: layout.place(slot::ROLE_WEIGHT, slot::ROLES_MAX),
        line: layout.reserve(clients),
        line_length: 0,
        has: layout.reserve(clients),
        share: layout.reserve(clients),
    };
    layout.finish()
}

/// Takes over the private state of a predecessor, which the master has put in its place already.
#[no_mangle]
pub extern "C" fn restore(schema: i32, bytes: i32) -> i32 {
    if schema == STATE_SCHEMA && bytes as usize == core::mem::size_of::<u64>() {
        answer::OK
    } else {
        answer::UNKNOWN_STATE
    }
}

/// One round over the candidates, in the order in which the master names them.
#[no_mangle]
pub extern "C" fn allocate() -> i32 {
    let policy = policy();
    let candidates = read(slot::CANDIDATES);
    let steps_max = read(slot::STEPS_MAX) as u64;
    let (mut steps, mut looked) = (0, 0);
    policy.rounds.set(0, policy.rounds.get(0).wrapping_add(1));
    policy.cluster.begin_round();
    policy.line_up();
    while looked < candidates && steps <= steps_max {
        let agent = policy.cluster.candidate(looked);
        // Eight clients that are passed over count as much as one agent.
        steps += 1;
        if policy.cluster.agent_ready(agent) {
            steps += policy.give(agent) as u64 / 8;
        }
        looked += 1;
    }
    write(slot::MORE, (looked < candidates) as u32);
    write(slot::LOOKED, looked);
    policy.cluster.rows as i32
}

impl Policy {
    /// Gives an agent to the first in line that may have it; answers how many were asked.
    fn give(&mut self, agent: u32) -> u32 {
        for place in 0..self.line_length {
            let client = self.line.get(place);
            if !self.cluster.may_meet(agent, client) {
                continue;
            }
            if let Some(offer) = self.cluster.offer_for(agent, client) {
                self.cluster.decide(agent, client, &offer);
                let mut has = self.has.get(client);
                add_to(&mut has, &offer.sum);
                self.has.set(client, has);
                self.share.set(client, self.share_of(client));
                self.fall_back(place);
                return place + 1;
            }
        }
        self.line_length
    }

    /// How much a client has: of one kind if the parameter names one, else of what it has most of.
    fn share_of(&self, client: u32) -> f64 {
        let named = read(slot::PARAMS) > PARAM_KIND;
        let only = if named { self.params.get(PARAM_KIND) as i32 } else { -1 };
        let (total, has) = (self.cluster_total.get(0), self.has.get(client));
        let mut most = 0.0;
        for kind in 0..KINDS {
            if total[kind] <= 0.0 || (only >= 0 && only as usize != kind) {
                continue;
            }
            let part = has[kind] / total[kind];
            if part > most {
                most = part;
            }
        }
        most / self.role_weight.get(self.cluster.role_of(client))
    }

    /// Equal shares are settled by age, so that the same cluster always has the same line.
    fn before(&self, a: u32, b: u32) -> bool {
        let (of_a, of_b) = (self.share.get(a), self.share.get(b));
        if of_a != of_b {
            return of_a < of_b;
        }
        self.client_order.get(a) < self.client_order.get(b)
    }

    /// Lines up the clients that may be offered something (a shell sort).
    fn line_up(&mut self) {
        let clients = read(slot::CLIENTS);
        self.has.copy_from(self.client_used, clients);
        self.line_length = 0;
        for client in 0..clients {
            if self.cluster.client_ready(client) {
                self.share.set(client, self.share_of(client));
                self.line.set(self.line_length, client);
                self.line_length += 1;
            }
        }
        let mut gap = self.line_length / 2;
        while gap > 0 {
            for from in gap..self.line_length {
                let (client, mut to) = (self.line.get(from), from);
                while to >= gap && self.before(client, self.line.get(to - gap)) {
                    self.line.set(to, self.line.get(to - gap));
                    to -= gap;
                }
                self.line.set(to, client);
            }
            gap /= 2;
        }
    }

    /// Moves the client at a place of the line back to where its share belongs now.
    fn fall_back(&mut self, from: u32) {
        let (client, mut place) = (self.line.get(from), from);
        while place + 1 < self.line_length && self.before(self.line.get(place + 1), client) {
            self.line.set(place, self.line.get(place + 1));
            place += 1;
        }
        self.line.set(place, client);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
