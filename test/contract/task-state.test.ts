import { expect, test } from "vitest";
import { isLost, isTerminal, taskStates } from "../../contract/task-state.ts";

test("every state is alive, a loss, or an end that says how the task itself ended (D1, D2, D9)", () => {
  const kind = (state: (typeof taskStates)[number]) => {
    if (isLost(state)) return isTerminal(state) ? "lost for good" : "lost";
    return isTerminal(state) ? "ended" : "alive";
  };
  const of = (wanted: string) => taskStates.filter((state) => kind(state) === wanted).join(" ");
  expect(of("alive")).toBe("TASK_STAGING TASK_STARTING TASK_RUNNING TASK_KILLING");
  expect(of("ended")).toBe("TASK_FINISHED TASK_FAILED TASK_KILLED TASK_ERROR");
  expect(of("lost for good")).toBe("TASK_LOST TASK_DROPPED TASK_GONE TASK_GONE_BY_OPERATOR");
  expect(of("lost")).toBe("TASK_UNREACHABLE TASK_UNKNOWN");
});
