import { Random } from "../conformance/random.ts";

/** Random numbers of the distributions that workloads are made of. */
export class Distributions extends Random {
  /** Time to the next of events that come independently, `mean` apart on average. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** From the normal distribution with mean 0 and deviation 1 (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** A positive number with this median, whose logarithm is normal with deviation `sigma`. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  /** At least `least`; the share of numbers above x is (least / x) ^ `shape`: a heavy tail. */
  pareto(least: number, shape: number): number {
    return least / (1 - this.next()) ** (1 / shape);
  }
}
