# SPDX-License-Identifier: GPL-3.0-or-later
"""postcask-mirror before a database: what it reads, whom it believes, and that it misses no news."""

import json
import os
import queue
import socket
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from database import PROGRAMS, SCHEMA, WORD, Database
from tree import Authority
from waiting import PATIENCE, wait_until

TOP = Path(__file__).resolve().parents[2]
HASH = "$6$hBkPHuDRNp5qVGtf$hBbhmVWvtpBQXfXz3PqQ1LrQ0gqpYO2v3sHPvHDVYzzjRcWlWBmYCpOFUM9zV6M9cCBmB6QTaYrBMwLTu2T8Z/"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def database():
    if os.geteuid() != 0 or not PROGRAMS:
        pytest.skip("needs root, to be the database's account")
    made = Database("127.0.0.1", free_port(), Authority("test"))
    try:
        made.start().make()
        yield made
    finally:
        made.remove()


@pytest.fixture(autouse=True)
def empty(request):
    if "database" in request.fixturenames:
        request.getfixturevalue("database").sql("DELETE FROM mail.account; DELETE FROM mail.alias")


def settings(there, tmp_path, **other):
    words = {"server": f"127.0.0.1:{there.port}", "password": WORD, "user": "postcask_mirror",
             "ca": there.folder / "ca.pem", "interval": 3600, **other}
    path = tmp_path / "mirror"
    path.write_text("kind postgresql\n" + "".join(f"{word} {value}\n" for word, value in words.items()))
    return path


def once(there, tmp_path, **other):
    return subprocess.run([TOP / "build/bin/postcask-mirror", "--once", "--settings",
                           settings(there, tmp_path, **other)], capture_output=True, text=True,
                          timeout=PATIENCE * 30)


def picture(database, tmp_path):
    done = once(database, tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_people_and_aliases_are_read(database, tmp_path):
    database.sql(f"""
        INSERT INTO mail.account VALUES ('b@x.org', 'Bée "B"', '{HASH}', true, 5, 7, 'de', false, 'keep;', '{{"mark": 4.5}}');
        INSERT INTO mail.account (address, enabled) VALUES ('a@x.org', false);
        INSERT INTO mail.forward VALUES ('b@x.org', 'z@far.example'), ('b@x.org', 'a@x.org');
        INSERT INTO mail.alias VALUES ('all@x.org', 'b@x.org'), ('all@x.org', 'a@x.org')""")
    assert picture(database, tmp_path) == {
        "people": [{"address": "a@x.org", "name": "", "hash": None, "enabled": False, "quota_mib": 0,
                    "quota_messages": 0, "language": "", "forward_keep": True, "rules": "", "filter": {}, "forward": []},
                   {"address": "b@x.org", "name": 'Bée "B"', "hash": HASH, "enabled": True, "quota_mib": 5,
                    "quota_messages": 7, "language": "de", "forward_keep": False, "rules": "keep;", "filter": {"mark": 4.5},
                    "forward": ["a@x.org", "z@far.example"]}],
        "aliases": [{"address": "all@x.org", "to": ["a@x.org", "b@x.org"]}], "doubles": [], "left_out": 0}


def test_the_schema_may_be_run_again(database, tmp_path):
    database.sql("INSERT INTO mail.account VALUES ('a@x.org')")
    database.sql(SCHEMA.read_text())
    assert [one["address"] for one in picture(database, tmp_path)["people"]] == ["a@x.org"]


def test_who_reads_sees_two_views_and_writes_nothing(database):
    for wish in ("SELECT hash FROM mail.account", "INSERT INTO mail.account VALUES ('x@x.org')",
                 "DELETE FROM mail.alias", "UPDATE mail.mirror_person SET address = 'x'"):
        with pytest.raises(AssertionError, match="permission denied|cannot update view"):
            database.sql(f"SET ROLE postcask_mirror; {wish}")


@pytest.mark.parametrize("wrong, said", [
    ({"password": "wrong"}, "password authentication failed"),
    ({"user": "nobody"}, "password authentication failed"),
    ({"database": "another"}, '"another" does not exist'),
    ({"server": "localhost:{port}"}, "localhost"),      # its certificate has the address alone
    ({"ca": "{other}"}, "certificate verify failed"),
    ({"server": "127.0.0.1:1"}, "refused")])
def test_who_is_not_believed(database, tmp_path, wrong, said):
    other = tmp_path / "other.pem"
    other.write_text(Authority("other").pem)
    done = once(database, tmp_path, **{word: value.format(port=database.port, other=other)
                                       for word, value in wrong.items()})
    assert done.returncode == 1 and said in done.stderr and done.stdout == "", done.stderr
    assert WORD not in done.stderr


def test_a_server_without_tls_hears_no_password(database, tmp_path):
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer():
            client = server.accept()[0]
            heard.append(client.recv(1000))
            client.sendall(b"N")
            heard.append(client.recv(1000))
            client.close()
        thread = threading.Thread(target=answer)
        thread.start()
        done = once(database, tmp_path, server=f"127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert done.returncode == 1 and heard == [struct.pack("!ii", 8, 80877103), b""]


def test_a_second_server_is_asked_when_the_first_gives_no_answer(database, tmp_path):
    path = settings(database, tmp_path)
    path.write_text(path.read_text().replace("server ", "server 127.0.0.1:1\nserver ", 1))
    done = subprocess.run([TOP / "build/bin/postcask-mirror", "--once", "--settings", path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_row_that_is_too_long_is_no_picture(database, tmp_path):
    database.sql("INSERT INTO mail.account VALUES ('a@x.org'); INSERT INTO mail.forward SELECT 'a@x.org',"
                 " number || repeat('x', 300) || '@x.org' FROM generate_series(1, 3000) AS number")
    done = once(database, tmp_path)
    assert done.returncode == 1 and "holds too much" in done.stderr


def test_a_server_that_says_nothing_is_not_waited_for(database, tmp_path):
    """It holds the connection and the question: only an end of our own ends that."""
    database.sql("INSERT INTO mail.account VALUES ('a@x.org')")
    path = settings(database, tmp_path, interval=1)
    directory = Directory(tmp_path / "socket")
    process = subprocess.Popen([TOP / "build/bin/postcask-mirror", "--settings", path, "--socket",
                                tmp_path / "socket"], stderr=subprocess.DEVNULL)
    try:
        assert directory.picture() == ["a@x.org"]
        database.hang()
        while "fault" not in (said := directory.brought.get(timeout=PATIENCE * 60)):
            pass
        assert "127.0.0.1" in said["fault"]
        database.go_on()
        database.sql("INSERT INTO mail.account VALUES ('b@x.org')")
        while sorted(one["address"] for one in directory.brought.get(timeout=PATIENCE * 40).get("people", [])) != [
                "a@x.org", "b@x.org"]:
            pass
    finally:
        database.go_on()
        process.terminate()
        process.wait(20)


class Directory:
    """Takes what the mirror brings, as postcask-directory does."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.brought = queue.Queue()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with client:
                text = b""
                while not text.endswith(b"\n") and (more := client.recv(1 << 20)):
                    text += more
                self.brought.put(json.loads(text))
                client.sendall(b"{}\n")

    def picture(self):
        """The next one that is no word that nothing has changed."""
        while True:
            one = self.brought.get(timeout=PATIENCE * 20)
            if "people" in one:
                return sorted(person["address"] for person in one["people"])
            assert "fault" not in one, one


@pytest.fixture
def mirror(database, tmp_path):
    directory = Directory(tmp_path / "socket")
    process = subprocess.Popen([TOP / "build/bin/postcask-mirror", "--settings",
                                settings(database, tmp_path), "--socket", tmp_path / "socket"],
                               stderr=subprocess.PIPE, text=True)
    try:
        yield directory
    finally:
        process.terminate()
        process.communicate(timeout=20)
        directory.listener.close()


def test_news_is_read_at_once(database, mirror):
    """The settings have it look by itself every hour."""
    assert mirror.picture() == []
    database.sql("INSERT INTO mail.account VALUES ('a@x.org')")
    assert mirror.picture() == ["a@x.org"]
    database.sql("INSERT INTO mail.alias VALUES ('b@x.org', 'a@x.org')")
    assert mirror.picture() == ["a@x.org"]
    database.sql("DELETE FROM mail.account")
    assert mirror.picture() == []


SLOW = """CREATE OR REPLACE VIEW mail.mirror_alias AS SELECT address, json_build_object('address', address,
    'to', json_agg(target ORDER BY target)) AS alias FROM mail.alias, pg_sleep(1.5) GROUP BY address"""
LOOKS = "SELECT xact_start FROM pg_stat_activity WHERE usename = 'postcask_mirror' AND state = 'active'"


def test_news_that_comes_while_it_looks_is_not_missed(database, mirror):
    """It comes with the last answer of the second look, which is for all that the first found changed;
    nothing is at the socket after that."""
    mirror.picture()
    database.sql(SLOW)
    try:
        database.sql("INSERT INTO mail.account VALUES ('a@x.org'); INSERT INTO mail.alias VALUES ('b@x.org', 'a@x.org')")
        seen = set()
        wait_until(lambda: seen.add(database.sql(LOOKS)) or len(seen - {""}) == 2, "it looks for the second time")
        database.sql("INSERT INTO mail.account VALUES ('c@x.org')")
        while mirror.picture() != ["a@x.org", "c@x.org"]:
            pass
    finally:
        database.sql(SCHEMA.read_text())


def test_many_changes_of_many_writers_all_arrive(database, mirror):
    mirror.picture()
    writers = [threading.Thread(target=lambda at=at: [
        database.sql(f"INSERT INTO mail.account VALUES ('w{at}-{number}@x.org')") for number in range(10)])
        for at in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    wanted = sorted(f"w{at}-{number}@x.org" for at in range(4) for number in range(10))
    while mirror.picture() != wanted:
        pass


def test_a_lost_connection_is_made_again(database, mirror):
    mirror.picture()
    wait_until(lambda: database.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'postcask_mirror'")
               == "1", "connected")
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postcask_mirror'")
    wait_until(lambda: database.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'postcask_mirror'")
               == "1", "connected again")
    database.sql("INSERT INTO mail.account VALUES ('a@x.org')")
    assert mirror.picture() == ["a@x.org"]
