import { parseWorkload } from "../../../simulation/workload/text.ts";

/** Weights, quotas, a role tree, refusals of all lengths, and agents that come and go. */
export const busy = parseWorkload(
  `
option allocation-interval=500ms offer-timeout=20s
agents a count=6 cpus=8 mem=16GB attr.rack=r1
agents b count=4 cpus=4 mem=32GB gpus=1 attr.rack=r2 from=3s
agents c count=3 cpus=16 mem=16GB until=20s
role web weight=3 guarantee.cpus=6
role batch weight=1 limit.cpus=40
role batch/night weight=2
framework site role=web refuse=1s
framework etl role=batch demand.cpus=12
framework night role=batch/night idle=decline refuse=300ms
framework late role=web priority=5 from=10s until=30s
job site tasks=30 duration=4s cpus=1 mem=1GB
job etl tasks=50 duration=3s cpus=0.5 mem=2GB
job night at=2s tasks=40 duration=5s cpus=2 mem=512 attr.rack=r1
job etl at=12s tasks=15 duration=15s cpus=1 mem=4GB
job late at=11s tasks=20 duration=2s cpus=1 mem=256
job site at=22s tasks=30 duration=1500ms cpus=1 mem=1GB attr.rack=r1
`,
  "busy",
);

/** Some give everything back again and again, and are set behind the others. */
export const hoarded = parseWorkload(
  `
option allocation-interval=200ms
agents a count=5 cpus=4 mem=8GB
framework idle role=idle idle=decline refuse=0
framework other role=other idle=decline refuse=0
framework work role=work refuse=0
framework more role=more refuse=100ms
job work tasks=80 duration=2s cpus=1 mem=512
job more at=1s tasks=60 duration=1s cpus=2 mem=512
job other at=9s tasks=6 duration=1s cpus=1 mem=512
`,
  "hoarded",
);

/** Two queues with half of the cluster each; the second one comes late. */
export const halves = parseWorkload(
  `
option allocation-interval=500ms
agents a count=12 cpus=4 mem=8GB
role hog guarantee.cpus=24 guarantee.mem=48GB
role late guarantee.cpus=24 guarantee.mem=48GB
framework hog role=hog idle=decline
framework late role=late from=3s
job hog tasks=400 duration=2s cpus=1 mem=512
job late at=3s tasks=400 duration=2s cpus=1 mem=512
`,
  "halves",
);

/** More agents than the tables have room for at first, so that policies are laid out anew. */
export const growing = parseWorkload(
  `
agents a count=200 cpus=4 mem=8GB
agents b count=150 cpus=4 mem=8GB from=4s
framework one role=one
framework two role=two
job one tasks=300 duration=3s cpus=1 mem=1GB
job two tasks=300 duration=2s cpus=2 mem=1GB
job one at=5s tasks=900 duration=1s cpus=1 mem=1GB
`,
  "growing",
);

/** The only framework that says where its data is leaves, and another comes in its place. */
export const leaving = parseWorkload(
  `
agents a count=1 cpus=1 mem=8GB attr.rack=r1
agents b count=1 cpus=1 mem=8GB attr.rack=r3
framework first role=one until=5s label.quincy.data="60GB at rack=r9; 60GB at rack=r1"
framework second role=two from=7s
job first tasks=4 duration=1s cpus=1 mem=1GB
job second at=8s tasks=8 duration=1s cpus=1 mem=1GB
`,
  "leaving",
);
