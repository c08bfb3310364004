import { SeededNumbers } from "../mutate-bytes.ts";
import { generatePolicy, type HostilePolicy } from "./generate-policy.ts";
import { judgePolicy } from "./judge-policy.ts";

/** How many policies are judged at one time; more, and the clocks would tell of the machine. */
const atOnce = 3;

/** The policy of a case. */
export function policyOf(number: number): HostilePolicy {
  return generatePolicy(new SeededNumbers(number));
}

/** Judges some cases and says what is wrong, a sentence for each, with the case and its deed. */
export async function judgeCases(numbers: readonly number[]): Promise<string[]> {
  const wrong: string[] = [];
  const rest = numbers.values();
  const work = async (): Promise<void> => {
    for (const number of rest) {
      const policy = policyOf(number);
      for (const each of await judgePolicy(policy, number))
        wrong.push(`policy verdicts, case ${number} (${policy.deed}): ${each}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return wrong;
}
