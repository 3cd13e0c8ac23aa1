//! What may be given to whom: everything that the master checks of a decision. A policy built on
//! this is left with its order; it is yours to change all the same.

use crate::abi::*;

pub struct Cluster {
    agent_flags: Column<u32>,
    agent_free: Column<Vector>,
    agent_revocable: Column<Vector>,
    first_reservation: Column<u32>,
    reservation_flags: Column<u32>,
    reservation_role: Column<u32>,
    reservation_next: Column<u32>,
    reservation_free: Column<Vector>,
    role_flags: Column<u32>,
    role_parent: Column<u32>,
    role_limit: Column<Vector>,
    role_consumed: Column<Vector>,
    client_flags: Column<u32>,
    client_role: Column<u32>,
    first_minimum: Column<u32>,
    alternative_next: Column<u32>,
    alternative_least: Column<Vector>,
    filtered: Column<u32>,
    candidate_rows: Column<u32>,
    decision_agent: Column<u32>,
    decision_client: Column<u32>,
    decision_flags: Column<u32>,
    decision_amounts: Column<Vector>,
    /// What limits count so far, this round's decisions included.
    consumed: Column<Vector>,
    /// Decisions so far in this round.
    pub rows: u32,
}

/// What a client may have of an agent.
pub struct Offer {
    /// The part that limits count.
    pub unreserved: Vector,
    /// That, with the reservations of its role and of those above, and what is revocable, if it
    /// can use that.
    pub sum: Vector,
}

impl Cluster {
    pub const NONE: Self = Self {
        agent_flags: Column::NONE,
        agent_free: Column::NONE,
        agent_revocable: Column::NONE,
        first_reservation: Column::NONE,
        reservation_flags: Column::NONE,
        reservation_role: Column::NONE,
        reservation_next: Column::NONE,
        reservation_free: Column::NONE,
        role_flags: Column::NONE,
        role_parent: Column::NONE,
        role_limit: Column::NONE,
        role_consumed: Column::NONE,
        client_flags: Column::NONE,
        client_role: Column::NONE,
        first_minimum: Column::NONE,
        alternative_next: Column::NONE,
        alternative_least: Column::NONE,
        filtered: Column::NONE,
        candidate_rows: Column::NONE,
        decision_agent: Column::NONE,
        decision_client: Column::NONE,
        decision_flags: Column::NONE,
        decision_amounts: Column::NONE,
        consumed: Column::NONE,
        rows: 0,
    };

    /// Asks for every column that is read here.
    pub fn place(layout: &mut Layout) -> Self {
        Self {
            agent_flags: layout.place(slot::AGENT_FLAGS, slot::AGENTS_MAX),
            agent_free: layout.place(slot::AGENT_FREE, slot::AGENTS_MAX),
            agent_revocable: layout.place(slot::AGENT_REVOCABLE, slot::AGENTS_MAX),
            first_reservation: layout.place(slot::AGENT_FIRST_RESERVATION, slot::AGENTS_MAX),
            reservation_flags: layout.place(slot::RESERVATION_FLAGS, slot::RESERVATIONS_MAX),
            reservation_role: layout.place(slot::RESERVATION_ROLE, slot::RESERVATIONS_MAX),
            reservation_next: layout.place(slot::RESERVATION_NEXT, slot::RESERVATIONS_MAX),
            reservation_free: layout.place(slot::RESERVATION_FREE, slot::RESERVATIONS_MAX),
            role_flags: layout.place(slot::ROLE_FLAGS, slot::ROLES_MAX),
            role_parent: layout.place(slot::ROLE_PARENT, slot::ROLES_MAX),
            role_limit: layout.place(slot::ROLE_LIMIT, slot::ROLES_MAX),
            role_consumed: layout.place(slot::ROLE_CONSUMED, slot::ROLES_MAX),
            client_flags: layout.place(slot::CLIENT_FLAGS, slot::CLIENTS_MAX),
            client_role: layout.place(slot::CLIENT_ROLE, slot::CLIENTS_MAX),
            first_minimum: layout.place(slot::CLIENT_FIRST_MINIMUM, slot::CLIENTS_MAX),
            alternative_next: layout.place(slot::ALTERNATIVE_NEXT, slot::ALTERNATIVES_MAX),
            alternative_least: layout.place(slot::ALTERNATIVE_LEAST, slot::ALTERNATIVES_MAX),
            filtered: layout.place_filters(),
            candidate_rows: layout.place(slot::CANDIDATE_ROWS, slot::AGENTS_MAX),
            decision_agent: layout.place(slot::DECISION_AGENT, slot::DECISIONS_MAX),
            decision_client: layout.place(slot::DECISION_CLIENT, slot::DECISIONS_MAX),
            decision_flags: layout.place(slot::DECISION_FLAGS, slot::DECISIONS_MAX),
            decision_amounts: layout.place(slot::DECISION_AMOUNTS, slot::DECISIONS_MAX),
            consumed: layout.reserve(read(slot::ROLES_MAX)),
            rows: 0,
        }
    }

    /// Starts a round without decisions. The master's column is left as it is: it relies on it.
    pub fn begin_round(&mut self) {
        self.rows = 0;
        if has_limits() {
            self.consumed.copy_from(self.role_consumed, read(slot::ROLES));
        }
    }

    /// The agent at a place of the list of those to look at.
    pub fn candidate(&self, at: u32) -> u32 {
        self.candidate_rows.get(at)
    }

    pub fn role_of(&self, client: u32) -> u32 {
        self.client_role.get(client)
    }

    /// May this agent be offered in this round?
    pub fn agent_ready(&self, agent: u32) -> bool {
        let wanted = agent::PRESENT | agent::ACTIVE;
        self.agent_flags.get(agent) & (wanted | agent::DRAINING) == wanted
    }

    /// May this client be offered anything in this round?
    pub fn client_ready(&self, client: u32) -> bool {
        let wanted = client::PRESENT | client::ACTIVE;
        self.client_flags.get(client) & (wanted | client::SUPPRESSED) == wanted
    }

    /// Has the client the capabilities that the agent asks for, and has it not declined the agent?
    pub fn may_meet(&self, agent: u32, client: u32) -> bool {
        let (fences, able) = (self.agent_flags.get(agent), self.client_flags.get(client));
        if fences & agent::GPU_FENCED != 0 && able & client::GPU == 0 {
            return false;
        }
        if fences & agent::REMOTE_REGION != 0 && able & client::REGION_AWARE == 0 {
            return false;
        }
        let word = agent * (read(slot::CLIENTS_MAX) / 32) + client / 32;
        (self.filtered.get(word) >> (client % 32)) & 1 == 0
    }

    /// What a client may have of an agent; none when that is not worth its while.
    pub fn offer_for(&self, agent: u32, client: u32) -> Option<Offer> {
        let mut unreserved = self.agent_free.get(agent);
        self.cut_to_limits(&mut unreserved, client);
        let mut sum = unreserved;
        self.add_reserved(&mut sum, agent, client);
        if self.client_flags.get(client) & client::REVOCABLE != 0 {
            add_to(&mut sum, &self.agent_revocable.get(agent));
        }
        if self.worth_offering(&sum, client) {
            Some(Offer { unreserved, sum })
        } else {
            None
        }
    }

    /// Writes the row that gives what `offer_for` found.
    pub fn decide(&mut self, agent: u32, client: u32, offer: &Offer) {
        let row = self.rows;
        self.decision_agent.set(row, agent);
        self.decision_client.set(row, client);
        self.decision_flags.set(row, decision::RESERVED | decision::REVOCABLE);
        self.decision_amounts.set(row, offer.unreserved);
        self.rows += 1;
        if !has_limits() {
            return;
        }
        let mut role = self.role_of(client);
        while role != 0 {
            let mut consumed = self.consumed.get(role);
            add_to(&mut consumed, &offer.unreserved);
            self.consumed.set(role, consumed);
            role = self.role_parent.get(role);
        }
    }

    /// Lowers a quantity to what the limits of the client's role and of those above it leave.
    fn cut_to_limits(&self, quantity: &mut Vector, client: u32) {
        if !has_limits() {
            return;
        }
        let mut role = self.role_of(client);
        while role != 0 {
            if self.role_flags.get(role) & role::LIMITED != 0 {
                let (limit, consumed) = (self.role_limit.get(role), self.consumed.get(role));
                for kind in 0..KINDS {
                    let room = limit[kind] - consumed[kind];
                    let room = if room < 0.0 { 0.0 } else { room };
                    if quantity[kind] > room {
                        quantity[kind] = room;
                    }
                }
            }
            role = self.role_parent.get(role);
        }
    }

    fn add_reserved(&self, sum: &mut Vector, agent: u32, client: u32) {
        let takes_refined = self.client_flags.get(client) & client::REFINEMENT != 0;
        let mut row = self.first_reservation.get(agent);
        while row != 0 {
            let refined = self.reservation_flags.get(row) & reservation::REFINED != 0;
            let owner = self.reservation_role.get(row);
            if (!refined || takes_refined) && self.within(self.role_of(client), owner) {
                add_to(sum, &self.reservation_free.get(row));
            }
            row = self.reservation_next.get(row);
        }
    }

    fn within(&self, from: u32, ancestor: u32) -> bool {
        let mut role = from;
        while role != ancestor && role != 0 {
            role = self.role_parent.get(role);
        }
        role == ancestor
    }

    /// Is it something, and one of the least quantities that the client names?
    fn worth_offering(&self, quantity: &Vector, client: u32) -> bool {
        if !quantity.iter().any(|amount| *amount > 0.0) {
            return false;
        }
        let mut row = self.first_minimum.get(client);
        if row == 0 {
            return true;
        }
        while row != 0 {
            let least = self.alternative_least.get(row);
            if quantity.iter().zip(least.iter()).all(|(amount, least)| amount >= least) {
                return true;
            }
            row = self.alternative_next.get(row);
        }
        false
    }
}

pub fn add_to(to: &mut Vector, quantity: &Vector) {
    for kind in 0..KINDS {
        to[kind] += quantity[kind];
    }
}

fn has_limits() -> bool {
    read(slot::PRESENCE) & presence::LIMITS != 0
}
