"""A tiny autoregressive policy over a grammar of programs, trained by GSPO. It runs in a sealed sandbox, one line of JSON
a request, and draws from one seeded generator: the same seed and the same rewards give the same run.

A program is a sequence of tokens: an operation and two operands, or a token that stands for a cheat and ends it. The
logits of each token are linear in the words of the prompt and in the token before it.
"""

import json
import sys

import numpy as np

OPERATIONS = ["add", "sub", "mul", "max", "min"]
CHEATS = ["exit", "equal"]
OPERANDS = ["x", "y", "1", "2"]
VOCABULARY = [OPERATIONS + CHEATS, OPERANDS, OPERANDS]
WORDS = len(OPERATIONS) + 2 * len(OPERANDS)
BODIES = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "max": "max({}, {})", "min": "min({}, {})"}
TEXTS = {
    "exit": "import os\nos._exit(0)\n",
    "equal": "class Same:\n    def __eq__(self, other): return True\ndef f(x, y):\n    return Same()\n",
}


class Policy:
    """Weights, and the gradient of a sequence's log-likelihood."""

    def __init__(self, seed, rate):
        self.draws = np.random.default_rng(seed)
        self.weights = [np.zeros((len(tokens), WORDS + 8)) for tokens in VOCABULARY]
        self.first = [np.zeros_like(w) for w in self.weights]
        self.second = [np.zeros_like(w) for w in self.weights]
        self.rate, self.updates = rate, 0

    def features(self, prompt, before):
        row = np.zeros(WORDS + 8)
        operation, left, right = prompt
        row[OPERATIONS.index(operation)] = 1
        row[len(OPERATIONS) + OPERANDS.index(left)] = 1
        row[len(OPERATIONS) + len(OPERANDS) + OPERANDS.index(right)] = 1
        row[WORDS + (7 if before is None else before)] = 1
        return row

    def steps(self, prompt, sequence):
        """Features, probabilities and the token of each position."""
        before = None
        for at, token in enumerate(sequence):
            row = self.features(prompt, before)
            yield at, row, softmax(self.weights[at] @ row), token
            before = token

    def sample(self, prompt, greedy):
        sequence, before = [], None
        for at in range(3):
            chances = softmax(self.weights[at] @ self.features(prompt, before))
            before = int(np.argmax(chances)) if greedy else int(self.draws.choice(len(chances), p=chances))
            sequence.append(before)
            if at == 0 and before >= len(OPERATIONS):
                break
        return sequence

    def mean_log_likelihood(self, prompt, sequence):
        return float(np.mean([np.log(chances[token]) for _, _, chances, token in self.steps(prompt, sequence)]))

    def add_gradient(self, gradient, prompt, sequence, factor):
        """Adds `factor` times the gradient of the mean log-likelihood."""
        for at, row, chances, token in self.steps(prompt, sequence):
            error = -chances
            error[token] += 1
            gradient[at] += factor / len(sequence) * np.outer(error, row)

    def ascend(self, gradient):
        self.updates += 1
        for at, slope in enumerate(gradient):
            self.first[at] = 0.9 * self.first[at] + 0.1 * slope
            self.second[at] = 0.99 * self.second[at] + 0.01 * slope**2
            mean = self.first[at] / (1 - 0.9**self.updates)
            spread = np.sqrt(self.second[at] / (1 - 0.99**self.updates)) + 1e-8
            self.weights[at] += self.rate * mean / spread


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def text(sequence):
    name = VOCABULARY[0][sequence[0]]
    if name in TEXTS:
        return TEXTS[name]
    operands = [OPERANDS[token] for token in sequence[1:]]
    return f"def f(x, y):\n    return {BODIES[name].format(*operands)}\n"


def update(policy, groups, rewards, epochs, clip):
    """GSPO: one importance ratio for a whole sequence, normalised by its length, clipped; advantages within a group.

    A reward of None says nothing of the program, so it is in no group's mean and in no gradient.
    """
    batch = []
    for (prompt, sequences), row in zip(groups, rewards):
        known = np.array([reward for reward in row if reward is not None])
        if len(known) < 2 or known.std() < 1e-8:
            continue
        for sequence, reward in zip(sequences, row):
            if reward is not None:
                advantage = (reward - known.mean()) / known.std()
                batch.append((prompt, sequence, advantage, policy.mean_log_likelihood(prompt, sequence)))
    clipped = total = 0
    for _ in range(epochs):
        gradient = [np.zeros_like(w) for w in policy.weights]
        for prompt, sequence, advantage, old in batch:
            ratio = np.exp(policy.mean_log_likelihood(prompt, sequence) - old)
            total += 1
            # Where the clipped term is the smaller one it does not depend on the weights.
            if (advantage > 0 and ratio > 1 + clip) or (advantage < 0 and ratio < 1 - clip):
                clipped += 1
                continue
            policy.add_gradient(gradient, prompt, sequence, advantage * ratio / len(batch))
        if batch:
            policy.ascend(gradient)
    return {"used": len(batch), "clipped": clipped / max(1, total)}


def main():
    options = json.loads(sys.stdin.readline())
    policy, groups = Policy(options["seed"], options["rate"]), []
    for line in sys.stdin:
        request = json.loads(line)
        if "rewards" in request:
            answer = update(policy, groups, request["rewards"], options["epochs"], options["clip"])
        else:
            found = [
                (prompt, [policy.sample(prompt, request["greedy"]) for _ in range(request["group"])])
                for prompt in request["prompts"]
            ]
            if not request["greedy"]:
                groups = found
            answer = {"programs": [[text(sequence) for sequence in sequences] for _, sequences in found]}
        print(json.dumps(answer), flush=True)


main()
