"""A counter behind gRPC: a server in a process of its own, over TCP on the loopback device."""
import subprocess
import sys

import grpc
import gymnasium as gym

SERVER = r'''
import sys
from concurrent import futures
import grpc
count = 0
def add(request, context):
    global count
    count += int(request)
    return str(count).encode()
handler = grpc.method_handlers_generic_handler("Counter", {"Add": grpc.unary_unary_rpc_method_handler(add)})
server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
server.add_generic_rpc_handlers((handler,))
port = server.add_insecure_port("127.0.0.1:%s" % sys.argv[1])
server.start()
server.wait_for_termination()
'''


class Counter(gym.Env):
    """Each step adds its action to what the server counts."""

    def __init__(self):
        self.observation_space = gym.spaces.Box(-1e6, 1e6, (1,), int)
        self.action_space = gym.spaces.Discrete(5)
        self.server = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.close()
        self.server = subprocess.Popen([sys.executable, "-c", SERVER, "50051"])
        self.channel = grpc.insecure_channel("127.0.0.1:50051")
        grpc.channel_ready_future(self.channel).result(timeout=60)
        self.add = self.channel.unary_unary("/Counter/Add")
        self.steps = 0
        return self._ask(int(self.np_random.integers(100))), {}

    def _ask(self, amount):
        return [int(self.add(str(amount).encode(), timeout=30))]

    def step(self, action):
        self.steps += 1
        seen = self._ask(int(action))
        return seen, float(seen[0] % 7), False, self.steps >= 10, {}

    def close(self):
        if self.server is not None:
            self.channel.close()
            self.server.kill()
            self.server.wait()
            self.server = None
