"""What the validator's command sends, to whom, and what it makes of its options: against servers of its own, not Sameseed's."""

import io
import json
import os
import sys
import tempfile
import threading
import time
import unittest
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from http import HTTPStatus
from pathlib import Path
from unittest import mock

from sameseed import openenv_validate
from sameseed.openenv_checks.session import Episode, play_alone
from websockets.sync.server import serve

sys.path.insert(0, str(Path(os.environ["BAD_ENVIRONMENTS"]).parent))
import bad_environments

PLAYED = Episode({"seed": 1, "episode_id": "one"}, ({"action": 1},))


@contextmanager
def environment(redirects_to=None):
    """Serves the faulty environments, or redirects to where they are served. Gives the address, and the tokens of whoever asked."""
    heard = []

    def answer(connection, request):
        heard.append((request.path.rsplit("/", 1)[1], request.headers.get("Authorization")))
        if redirects_to is None:
            return bad_environments.answer_http(connection, request)
        response = connection.respond(HTTPStatus.TEMPORARY_REDIRECT, "")
        scheme = "ws" if "Upgrade" in request.headers else "http"
        response.headers["Location"] = f"{scheme}://{redirects_to}{request.path}"
        return response

    with serve(bad_environments.play, "127.0.0.1", 0, process_request=answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}", heard
        server.shutdown()


class Tokens(unittest.TestCase):
    """The token of a server of Sameseed's is that server's alone."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name, "token")
        self.file.write_text("secret\n")

    def ours(self, url):
        named = {"SAMESEED_URL": url, "SAMESEED_TOKEN_FILE": str(self.file)}
        return mock.patch.dict(os.environ, named)

    def ask(self, base):
        openenv_validate._drawn_plan(f"{base}/sound", 1, 1)
        play_alone(f"{base}/sound", PLAYED, 20)

    def test_is_sent_to_the_server_that_is_named(self):
        with environment() as (base, heard), self.ours(f"{base}/"):
            self.ask(base)
        self.assertEqual(heard, [("schema", "Bearer secret"), ("ws", "Bearer secret")])

    def test_is_sent_to_no_other(self):
        with environment() as (base, heard):
            port = base.rsplit(":", 1)[1]
            others = ("http://127.0.0.1:9", f"http://localhost:{port}", f"https://127.0.0.1:{port}", "unix:/run/socket", "")
            for url in others:
                with self.subTest(url), self.ours(url):
                    self.ask(base)
        self.assertEqual(set(heard), {("schema", None), ("ws", None)})

    def test_is_not_sent_to_other_hosts(self):
        with environment() as (base, heard), environment() as (other, heard_there), self.ours(base):
            told = openenv_validate.validate(
                f"{base}/sound", steps=1, other_hosts=[f"{other}/sound"], checks=["hub.cross_host_determinism"]
            )
        self.assertEqual(told["verdict"], "pass")
        self.assertIn(("schema", "Bearer secret"), heard)
        self.assertEqual(heard_there, [("ws", None)])

    def test_is_not_carried_over_a_redirect(self):
        with environment() as (other, heard_there), environment(other.removeprefix("http://")) as (base, heard), self.ours(base):
            self.ask(base)
        self.assertEqual(heard, [("schema", "Bearer secret"), ("ws", "Bearer secret")])
        self.assertEqual(heard_there, [("schema", None), ("ws", None)])

    def test_is_sent_where_it_was_given_for(self):
        with environment() as (base, heard), environment() as (other, heard_there):
            arguments = [f"{base}/sound", "--steps=1", "--json", f"--token-file={self.file}"]
            arguments += [f"--other-host={other}/sound", "--check=hub.cross_host_determinism"]
            arguments += ["--check=runtime.episode_determinism"]
            with mock.patch("builtins.print") as shown:
                self.assertEqual(openenv_validate.main(arguments), 0)
            self.assertEqual(json.loads(shown.call_args.args[0])["verdict"], "pass")
            # OpenEnv's own recording of an episode sends none.
            self.assertEqual([token for _, token in heard], ["Bearer secret", None, None, *["Bearer secret"] * 3])
            self.assertEqual(heard_there, [("ws", None)])
            heard.clear()
            self.ask(base)
            self.assertEqual(heard, [("schema", None), ("ws", None)])


class OneSession(unittest.TestCase):
    """OpenEnv's default is one session at a time."""

    def validate(self, fault, *checks):
        with environment() as (base, _):
            report = openenv_validate.validate(f"{base}/{fault}", steps=3, timeout=20, checks=checks)
            while bad_environments.shared["open"]:
                time.sleep(0.02)
        return {result["check_id"]: (result["status"], result["evidence"]) for result in report["results"]}

    def test_is_no_fault(self):
        told = self.validate("one_session")
        beside = ("runtime.episode_isolation", "semantic.verifier_determinism")
        for name, at_once in zip(beside, ("two", "4")):
            self.assertEqual(told[name][0], "skip")
            self.assertIn(f"no room for {at_once} sessions at once", told[name][1][0])
        others = {name: status for name, (status, _) in told.items() if name not in beside}
        self.assertEqual(others.pop("runtime.host_containment"), "skip")
        self.assertEqual(set(others.values()), {"pass"}, told)

    def test_hides_no_fault_that_one_session_shows(self):
        check = "runtime.episode_isolation"
        status, [evidence] = self.validate("one_session_remembers", check)[check]
        self.assertEqual(status, "fail")
        self.assertIn("after an unfinished episode", evidence)


class Checks(unittest.TestCase):
    """What is asked for is run, or refused."""

    def main(self, *checks):
        said, refusal = io.StringIO(), io.StringIO()
        with environment() as (base, heard), redirect_stdout(said), redirect_stderr(refusal):
            try:
                code = openenv_validate.main([f"{base}/sound", "--steps=2", *(f"--check={name}" for name in checks)])
            except SystemExit as end:
                code = end.code
        return code, refusal.getvalue() if code == 2 else said.getvalue(), heard

    def test_are_run_with_what_they_depend_on(self):
        code, said, _ = self.main("semantic.replayability")
        self.assertEqual(code, 0)
        ran = [line.split(" (")[0].split() for line in said.splitlines()[:-1]]
        names = ("runtime.startup", "runtime.episode_determinism", "semantic.replayability")
        self.assertEqual(ran, [["PASS", name] for name in names])

    def test_are_refused_where_there_are_none(self):
        for asked, expected in (
            ("semantic.replayabilty", "no check semantic.replayabilty; the nearest is semantic.replayability"),
            ("runtime.oracle_containment", "no check runtime.oracle_containment; the nearest is "),
            ("hub.cross_host_determinism", "hub.cross_host_determinism does not apply to this"),
            ("", "no check ; the nearest is "),
        ):
            with self.subTest(asked):
                code, said, heard = self.main("runtime.startup", asked)
                self.assertEqual((code, heard), (2, []))
                self.assertIn(expected, said)


if __name__ == "__main__":
    unittest.main()
