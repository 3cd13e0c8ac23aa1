//! Tepui's allocator ABI, version 1, for policies in Rust. Nothing in here decides anything.
//!
//! A policy is a WebAssembly module. The master writes the cluster into the module's own memory as
//! columns, calls `allocate`, and reads decisions back as rows. Agents, clients (a framework in one
//! role) and roles are row numbers. A header of 256 words says where the columns are:
//!
//! ```text
//! 0                    header                 __heap_base                       end (since init)
//! | stack, constants ... | 256 words | ... | columns, each on a cache line ... | state | scratch |
//! ```
//!
//! The policy chooses where its columns lie, in `init`, and asks only for those that it needs. What
//! every column means, and its unit, is in docs/abi/allocator-v1.md of Tepui.
#![allow(dead_code)]

// numbers:begin (written by Tepui's `npm run docs`; do not edit)
pub const KINDS: usize = 8;
pub const MAGIC: u32 = 0x414c4154;
pub const HEADER_SLOTS: usize = 256;

pub mod slot {
    pub const MAGIC: usize = 0;
    pub const HOST_MINOR: usize = 1;
    pub const AGENTS_MAX: usize = 2;
    pub const CLIENTS_MAX: usize = 3;
    pub const ROLES_MAX: usize = 4;
    pub const RESERVATIONS_MAX: usize = 5;
    pub const ATTRIBUTES_MAX: usize = 6;
    pub const ALTERNATIVES_MAX: usize = 7;
    pub const DECISIONS_MAX: usize = 8;
    pub const PARAMS_MAX: usize = 9;
    pub const PROGRAM_BYTES_MAX: usize = 10;
    pub const EXPIRIES_MAX: usize = 11;
    pub const OFFERS_MAX: usize = 12;
    pub const AGENTS: usize = 16;
    pub const CLIENTS: usize = 17;
    pub const ROLES: usize = 18;
    pub const RESERVATIONS: usize = 19;
    pub const ATTRIBUTES: usize = 20;
    pub const ALTERNATIVES: usize = 21;
    pub const KINDS: usize = 22;
    pub const CANDIDATES: usize = 23;
    pub const STEPS_MAX: usize = 24;
    pub const ROUND_LOW: usize = 25;
    pub const ROUND_HIGH: usize = 26;
    pub const SEED_LOW: usize = 27;
    pub const SEED_HIGH: usize = 28;
    pub const DEFAULT_MINIMUM: usize = 29;
    pub const PARAMS: usize = 30;
    pub const PROGRAM_BYTES: usize = 31;
    pub const EVERYTHING_CHANGED: usize = 32;
    pub const CHANGED_AGENTS: usize = 33;
    pub const CHANGED_CLIENTS: usize = 34;
    pub const CHANGED_ROLES: usize = 35;
    pub const CHANGED_RESERVATIONS: usize = 36;
    pub const CHANGED_FILTERS: usize = 37;
    pub const PRESENCE: usize = 38;
    pub const PROGRAM_CHANGED: usize = 39;
    pub const EXPIRIES: usize = 40;
    pub const OFFERS: usize = 41;
    pub const OFFERS_CHANGED: usize = 42;
    pub const MORE: usize = 48;
    pub const LOOKED: usize = 49;
    pub const STATE_ADDRESS: usize = 50;
    pub const STATE_BYTES: usize = 51;
    pub const NOTE: usize = 52;
    pub const LOOK_AGAIN: usize = 53;
    pub const AGENT_FLAGS: usize = 64;
    pub const AGENT_TOTAL: usize = 65;
    pub const AGENT_FREE: usize = 66;
    pub const AGENT_REVOCABLE: usize = 67;
    pub const AGENT_UNAVAILABLE_FROM: usize = 68;
    pub const AGENT_FIRST_RESERVATION: usize = 69;
    pub const AGENT_FIRST_ATTRIBUTE: usize = 70;
    pub const RESERVATION_FLAGS: usize = 71;
    pub const RESERVATION_AGENT: usize = 72;
    pub const RESERVATION_ROLE: usize = 73;
    pub const RESERVATION_NEXT: usize = 74;
    pub const RESERVATION_FREE: usize = 75;
    pub const RESERVATION_TOTAL: usize = 76;
    pub const ATTRIBUTE_NAME: usize = 77;
    pub const ATTRIBUTE_TEXT: usize = 78;
    pub const ATTRIBUTE_NEXT: usize = 79;
    pub const ATTRIBUTE_NUMBER: usize = 80;
    pub const ROLE_FLAGS: usize = 81;
    pub const ROLE_PARENT: usize = 82;
    pub const ROLE_RANK: usize = 83;
    pub const ROLE_SUBMIT_ORDER: usize = 84;
    pub const ROLE_WEIGHT: usize = 85;
    pub const ROLE_ALLOCATIONS: usize = 86;
    pub const ROLE_GUARANTEE: usize = 87;
    pub const ROLE_LIMIT: usize = 88;
    pub const ROLE_USED: usize = 89;
    pub const ROLE_CONSUMED: usize = 90;
    pub const CLIENT_FLAGS: usize = 91;
    pub const CLIENT_ROLE: usize = 92;
    pub const CLIENT_FRAMEWORK: usize = 93;
    pub const CLIENT_SUBMIT_ORDER: usize = 94;
    pub const CLIENT_ALLOCATIONS: usize = 95;
    pub const CLIENT_PRIORITY: usize = 96;
    pub const CLIENT_FIRST_MINIMUM: usize = 97;
    pub const CLIENT_USED: usize = 98;
    pub const CLIENT_DEMAND: usize = 99;
    pub const ALTERNATIVE_NEXT: usize = 100;
    pub const ALTERNATIVE_LEAST: usize = 101;
    pub const FILTERED: usize = 102;
    pub const FILTER_EXPIRY: usize = 103;
    pub const CANDIDATE_ROWS: usize = 104;
    pub const CHANGED_AGENT_ROWS: usize = 105;
    pub const CHANGED_CLIENT_ROWS: usize = 106;
    pub const CHANGED_ROLE_ROWS: usize = 107;
    pub const CHANGED_RESERVATION_ROWS: usize = 108;
    pub const CHANGED_FILTER_ROWS: usize = 109;
    pub const CLUSTER_TOTAL: usize = 110;
    pub const CLOCK: usize = 111;
    pub const PARAM_VALUES: usize = 112;
    pub const PROGRAM: usize = 113;
    pub const FILTER_COUNT: usize = 114;
    pub const FILTER_EXPIRY_AGENT: usize = 115;
    pub const FILTER_EXPIRY_CLIENT: usize = 116;
    pub const OFFER_AGENT: usize = 117;
    pub const OFFER_CLIENT: usize = 118;
    pub const OFFER_SINCE: usize = 119;
    pub const OFFER_AMOUNTS: usize = 120;
    pub const OFFER_UNRESERVED: usize = 121;
    pub const DECISION_AGENT: usize = 128;
    pub const DECISION_CLIENT: usize = 129;
    pub const DECISION_FLAGS: usize = 130;
    pub const DECISION_AMOUNTS: usize = 131;
}

pub mod agent {
    pub const PRESENT: u32 = 1;
    pub const ACTIVE: u32 = 2;
    pub const DRAINING: u32 = 4;
    pub const GPU_FENCED: u32 = 8;
    pub const REMOTE_REGION: u32 = 16;
}

pub mod client {
    pub const PRESENT: u32 = 1;
    pub const ACTIVE: u32 = 2;
    pub const SUPPRESSED: u32 = 4;
    pub const REVOCABLE: u32 = 8;
    pub const GPU: u32 = 16;
    pub const SHARED: u32 = 32;
    pub const REFINEMENT: u32 = 64;
    pub const REGION_AWARE: u32 = 128;
    pub const HAS_DEMAND: u32 = 256;
}

pub mod role {
    pub const PRESENT: u32 = 1;
    pub const LIMITED: u32 = 2;
    pub const GUARANTEED: u32 = 4;
}

pub mod reservation {
    pub const PRESENT: u32 = 1;
    pub const REFINED: u32 = 2;
}

pub mod decision {
    pub const WHOLE: u32 = 1;
    pub const RESERVED: u32 = 2;
    pub const REVOCABLE: u32 = 4;
    pub const RECLAIM: u32 = 8;
}

pub mod presence {
    pub const REVOCABLE: u32 = 1;
    pub const LIMITS: u32 = 2;
    pub const GUARANTEES: u32 = 4;
}

pub mod answer {
    pub const OK: i32 = 0;
    pub const NO_ROOM: i32 = 1;
    pub const BAD_SIZES: i32 = 2;
    pub const UNKNOWN_STATE: i32 = 3;
}
// numbers:end

/// Quantities per kind: cpus, mem, disk, gpus and four more. Integers of thousandths.
pub type Vector = [f64; KINDS];

/// A column, or anything else that lies in memory row by row. WebAssembly has one thread, and the
/// master touches the memory only between calls, so cells are read and written without locks.
pub struct Column<T> {
    at: usize,
    cells: core::marker::PhantomData<T>,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Column<T> {}

impl<T: Copy> Column<T> {
    pub const NONE: Self = Self { at: 0, cells: core::marker::PhantomData };

    pub fn get(&self, row: u32) -> T {
        unsafe { *(self.at as *const T).add(row as usize) }
    }

    pub fn set(&self, row: u32, value: T) {
        unsafe { *(self.at as *mut T).add(row as usize) = value }
    }

    /// Copies the first rows of another column into this one.
    pub fn copy_from(&self, from: Self, rows: u32) {
        let (to, from) = (self.at as *mut T, from.at as *const T);
        unsafe { core::ptr::copy_nonoverlapping(from, to, rows as usize) }
    }
}

extern "C" {
    /// The first byte that the linker has not given away.
    static __heap_base: u8;
}

#[repr(align(64))]
struct Header([u32; HEADER_SLOTS]);

static mut HEADER: Header = Header([0; HEADER_SLOTS]);

/// Address of the header.
pub fn header() -> *mut u32 {
    unsafe { core::ptr::addr_of_mut!(HEADER) as *mut u32 }
}

pub fn read(slot: usize) -> u32 {
    unsafe { header().add(slot).read() }
}

pub fn write(slot: usize, value: u32) {
    unsafe { header().add(slot).write(value) }
}

/// Where the layout has come to. 64 bits, so that tables that do not fit are noticed.
pub struct Layout {
    end: u64,
}

impl Layout {
    /// Starts the layout behind everything that the linker has placed.
    pub fn begin() -> Self {
        Self { end: unsafe { core::ptr::addr_of!(__heap_base) as u64 } }
    }

    /// Reserves rows of the policy's own. Whether they fit is found at the end of the layout.
    pub fn reserve<T>(&mut self, rows: u32) -> Column<T> {
        self.reserve_bytes(rows as u64 * core::mem::size_of::<T>() as u64)
    }

    fn reserve_bytes<T>(&mut self, bytes: u64) -> Column<T> {
        let at = (self.end + 63) & !63;
        self.end = at + bytes;
        Column { at: at as usize, cells: core::marker::PhantomData }
    }

    /// Asks for a column: `rows_max` is the slot that says how many rows it may have.
    pub fn place<T>(&mut self, slot: usize, rows_max: usize) -> Column<T> {
        let column = self.reserve(read(rows_max));
        write(slot, column.at as u32);
        column
    }

    /// Asks for the filters: one bit for each client, in a row of bits for each agent.
    pub fn place_filters(&mut self) -> Column<u32> {
        let row_bytes = read(slot::CLIENTS_MAX) as u64 / 8;
        let column = self.reserve_bytes(read(slot::AGENTS_MAX) as u64 * row_bytes);
        write(slot::FILTERED, column.at as u32);
        column
    }

    /// Asks for a column of one row, such as the total of the cluster.
    pub fn place_one<T>(&mut self, slot: usize) -> Column<T> {
        let column = self.reserve(1);
        write(slot, column.at as u32);
        column
    }

    /// Names the private state, which a successor of the policy takes over.
    pub fn place_state<T>(&mut self) -> Column<T> {
        let column = self.place_one(slot::STATE_ADDRESS);
        write(slot::STATE_BYTES, core::mem::size_of::<T>() as u32);
        column
    }

    /// Ends the layout: the memory grows to what it needs, which `init` alone may do. The answer of
    /// `init`, never a trap, when these sizes do not fit into the most that the module may have.
    pub fn finish(self) -> i32 {
        let pages = (self.end + 0xffff) >> 16;
        let have = core::arch::wasm32::memory_size(0) as u64;
        if pages > 0xffff {
            return answer::NO_ROOM;
        }
        if pages > have && core::arch::wasm32::memory_grow(0, (pages - have) as usize) == usize::MAX {
            return answer::NO_ROOM;
        }
        write(slot::MAGIC, MAGIC);
        answer::OK
    }
}
