"""Every call of the package that is served, and some that are not; each line says what came of one."""

import json
import re
import warnings

from tensorlake.sandbox import CheckpointType, Sandbox, SandboxClient

warnings.simplefilter("ignore")


def say(name, value):
    print(json.dumps([name, value]))


def refused(name, work):
    try:
        work()
        say(name, "done")
    except Exception as error:
        found = re.search(r"No such file|\bno [a-z]+|alive|sandboxes of this pool are open|this pool has", str(error), re.IGNORECASE)
        say(name, f"{type(error).__name__} {found[0] if found else error}")


sandbox = Sandbox.create(memory_mb=256)
result = sandbox.run("python3", ["-c", "import sys; print('a\\nb'); print('c', file=sys.stderr); sys.exit(3)"])
say("run", [result.exit_code, result.stdout, result.stderr])
say("env", sandbox.run("sh", ["-c", "echo $A; pwd"], env={"A": "é"}, working_dir="/dev").stdout)
slow = sandbox.run("sleep", ["60"], timeout=0.2)
say("timeout", slow.exit_code)
say("timed out", slow.timed_out)
content = bytes(range(256)) * 300
sandbox.write_file("/tmp/folder/a.bin", content)
say("file", sandbox.read_file("/tmp/folder/a.bin").value == content)
say("list", [[entry.name, entry.is_dir, entry.size] for entry in sandbox.list_directory("/tmp/folder").entries])
refused("no file", lambda: sandbox.read_file("/tmp/none"))
cat = sandbox.start_process("cat", stdin_mode="pipe")
sandbox.write_stdin(cat.pid, b"one\ntw")
sandbox.write_stdin(cat.pid, b"o\nthree")
refused("busy", sandbox.checkpoint)
sandbox.close_stdin(cat.pid)
say("follow", [event.line for event in sandbox.follow_stdout(cat.pid)])
say("output", sandbox.get_output(cat.pid).lines)
sleep = sandbox.start_process("sleep", ["60"])
sandbox.send_signal(sleep.pid, 15)
list(sandbox.follow_output(sleep.pid))
say("signal", sandbox.get_process(sleep.pid).signal)
killed = sandbox.start_process("sleep", ["60"], stdout_mode="discard")
sandbox.kill_process(killed.pid)
list(sandbox.follow_output(killed.pid))
say("processes", [process.status.value for process in sandbox.list_processes()])
say("status", sandbox.status.value)
snapshot = sandbox.checkpoint()
refused("memory", lambda: sandbox.checkpoint(checkpoint_type=CheckpointType.MEMORY))
sandbox.delete_file("/tmp/folder/a.bin")
restored = Sandbox.create(snapshot_id=snapshot.snapshot_id)
say("restored", len(restored.read_file("/tmp/folder/a.bin").value))
Sandbox.delete_snapshot(snapshot.snapshot_id)
say("snapshots", len(list(restored.list_snapshots())))
copies = restored.copy(times=2)
copies = getattr(copies, "value", copies)
copies = getattr(copies, "sandboxes", copies)
say("copy", [len(copies), len(Sandbox.connect(copies[1].sandbox_id).read_file("/tmp/folder/a.bin").value)])
refused("suspend", sandbox.suspend)
refused("network", lambda: Sandbox.create(allow_out=["192.0.2.1"]))
refused("image", lambda: Sandbox.create(image="/etc/passwd"))
named = Sandbox.get_or_create("by-name")
say("named", Sandbox.get_or_create("by-name").sandbox_id == named.sandbox_id)
client = SandboxClient()
pool = client.create_pool("gymnasium", max_containers=1).pool_id
claimed = client.claim(pool)
refused("full pool", lambda: client.claim(pool))
refused("used pool", lambda: client.delete_pool(pool))
client.delete(claimed.sandbox_id)
client.delete_pool(pool)
sandbox.terminate()
say("terminated", client.get(sandbox.sandbox_id).status.value)
for info in list(Sandbox.list()):
    client.delete(info.sandbox_id)
say("left", len(list(Sandbox.list())))
