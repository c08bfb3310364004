"""Ways through random road maps, found by the planner Fast Downward, a program in a wheel of its own."""

import gymnasium
import numpy as np
import unified_planning.shortcuts as planning

planning.get_environment().credits_stream = None


class Plan(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(0, 10, (8,), np.int64)
    action_space = gymnasium.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 3
        return self.draw(), {}

    def draw(self):
        self.ways = self.np_random.integers(0, 10, 8)
        return self.ways

    def problem(self):
        place = planning.UserType("Place")
        at = planning.Fluent("at", planning.BoolType(), where=place)
        road = planning.Fluent("road", planning.BoolType(), start=place, end=place)
        move = planning.InstantaneousAction("move", start=place, end=place)
        start, end = move.parameters
        move.add_precondition(at(start))
        move.add_precondition(road(start, end))
        move.add_effect(at(start), False)
        move.add_effect(at(end), True)
        problem = planning.Problem("roads")
        problem.add_fluent(at, default_initial_value=False)
        problem.add_fluent(road, default_initial_value=False)
        problem.add_action(move)
        problem.add_objects([planning.Object(f"p{i}", place) for i in range(10)])
        places = list(problem.all_objects)
        for one, other in [*((i, i + 1) for i in range(9)), *self.ways.reshape(4, 2).tolist()]:
            problem.set_initial_value(road(places[one], places[other]), True)
        problem.set_initial_value(at(places[0]), True)
        problem.add_goal(at(places[9]))
        return problem

    def step(self, action):
        with planning.OneshotPlanner(name="fast-downward") as planner:
            plan = planner.solve(self.problem()).plan
        self.left -= 1
        return self.draw(), float(len(plan.actions)), self.left == 0, False, {"plan": str(plan)}
