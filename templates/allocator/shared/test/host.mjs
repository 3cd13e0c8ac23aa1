// A master in small: it puts a cluster into a policy's columns and reads what the policy decides.
// What a real master does beyond that (it checks every row, keeps deadlines, grows tables), and
// many clusters at random, are tried by `tepui plugin test`.
import {
  Agent,
  Answer,
  Client,
  Decision,
  HEADER_SLOTS,
  KINDS,
  MAGIC,
  Presence,
  Role,
  Slot,
} from "./abi.mjs";

const ROWS = 64;

/** A vector from `{ cpus: 4, mem: 1024 }`: thousandths, in the order of the kinds. */
function vectorOf(amounts) {
  const { cpus = 0, mem = 0, disk = 0, gpus = 0 } = amounts;
  return [cpus, mem, disk, gpus, 0, 0, 0, 0].map((amount) => Math.round(amount * 1000));
}

export class Host {
  /** Starts a policy from the exports of its module; `params` as in its plugin.json. */
  constructor(exports, params = []) {
    this.exports = exports;
    const at = exports.header();
    this.header = new Uint32Array(exports.memory.buffer, at, HEADER_SLOTS);
    for (let slot = Slot.AgentsMax; slot <= Slot.AlternativesMax; slot++) this.header[slot] = ROWS;
    this.header[Slot.DecisionsMax] = 2 * ROWS;
    this.header[Slot.ParamsMax] = ROWS;
    this.header[Slot.ProgramBytesMax] = ROWS;
    const answer = exports.init();
    if (answer !== Answer.OK) throw new Error(`init answers ${answer}`);
    // The memory may have grown in init, which takes it from under what looked at it before.
    const { buffer } = exports.memory;
    this.header = new Uint32Array(buffer, at, HEADER_SLOTS);
    if (this.header[Slot.Magic] !== MAGIC) throw new Error("init wrote no magic number");
    this.words = new Uint32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.header[Slot.Params] = params.length;
    this.put(Slot.ParamValues, 0, params);
    this.header[Slot.Kinds] = 4;
    this.header[Slot.Reservations] = 1;
    this.header[Slot.Alternatives] = 1;
    this.round = 0;
    this.role({}); // The root of the role tree.
  }

  /** Writes doubles into a column, from a row on; nothing when the policy did not ask for it. */
  put(slot, row, values) {
    const at = this.header[slot];
    if (at !== 0) this.doubles.set(values, at / 8 + row);
  }

  /** Writes a word into a column. */
  putWord(slot, row, value) {
    const at = this.header[slot];
    if (at !== 0) this.words[at / 4 + row] = value;
  }

  /** A role below the root; `limit` as amounts. Answers its row. */
  role({ weight = 1, limit }) {
    const row = this.header[Slot.Roles]++;
    const most = limit === undefined ? Array(KINDS).fill(Infinity) : vectorOf(limit);
    this.putWord(Slot.RoleFlags, row, Role.PRESENT | (limit === undefined ? 0 : Role.LIMITED));
    this.put(Slot.RoleWeight, row, [weight]);
    this.put(
      Slot.RoleLimit,
      row * KINDS,
      most.map((amount) => amount || Infinity),
    );
    if (limit !== undefined) this.header[Slot.Presence] |= Presence.LIMITS;
    return row;
  }

  /** A client of a role, with what it uses. Answers its row. */
  client(role, { used = {}, flags = 0 } = {}) {
    const row = this.header[Slot.Clients]++;
    this.putWord(Slot.ClientFlags, row, Client.PRESENT | Client.ACTIVE | flags);
    this.putWord(Slot.ClientRole, row, role);
    this.putWord(Slot.ClientFramework, row, row);
    this.put(Slot.ClientSubmitOrder, row, [row]);
    this.put(Slot.ClientUsed, row * KINDS, vectorOf(used));
    return row;
  }

  /** An agent, all of it free, to be looked at in the next round. Answers its row. */
  agent(amounts) {
    const row = this.header[Slot.Agents]++;
    const vector = vectorOf(amounts);
    this.putWord(Slot.AgentFlags, row, Agent.PRESENT | Agent.ACTIVE);
    this.put(Slot.AgentTotal, row * KINDS, vector);
    this.put(Slot.AgentFree, row * KINDS, vector);
    const total = this.header[Slot.ClusterTotal] / 8;
    vector.forEach((amount, kind) => {
      if (total !== 0) this.doubles[total + kind] += amount;
    });
    this.putWord(Slot.CandidateRows, this.header[Slot.Candidates]++, row);
    return row;
  }

  /** Says that a client has declined an agent. */
  filter(agent, client) {
    this.words[this.header[Slot.Filtered] / 4 + agent * (ROWS / 32) + (client >> 5)] |=
      1 << (client & 31);
  }

  /** One round over the candidates: who is given which agent, and how many cpus of it. */
  allocate(stepsMax = 1_000_000) {
    this.header[Slot.StepsMax] = stepsMax;
    this.header[Slot.RoundLow] = ++this.round;
    const count = this.exports.allocate();
    return Array.from({ length: count }, (_, row) => {
      const agent = this.words[this.header[Slot.DecisionAgent] / 4 + row];
      const client = this.words[this.header[Slot.DecisionClient] / 4 + row];
      const flags = this.words[this.header[Slot.DecisionFlags] / 4 + row];
      const from = flags & Decision.WHOLE ? Slot.AgentFree : Slot.DecisionAmounts;
      const at = flags & Decision.WHOLE ? agent : row;
      return { agent, client, cpus: this.doubles[this.header[from] / 8 + at * KINDS] / 1000 };
    });
  }

  /** The private state, as a master keeps it. */
  state() {
    const at = this.header[Slot.StateAddress];
    return new Uint8Array(this.exports.memory.buffer, at, this.header[Slot.StateBytes]);
  }
}
