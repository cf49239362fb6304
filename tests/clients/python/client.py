"""The Python client, one step after the other; see tests/clients/README.md."""

import json
import os
import sys
import time
import zlib

from trino.auth import BasicAuthentication, CertificateAuthentication, JWTAuthentication
from trino.dbapi import connect
from trino.transaction import IsolationLevel


class Client:
    def __init__(self, url, user, source, ca):
        self.settings = {"host": url, "user": user, "source": source}
        if ca:
            self.settings["verify"] = ca
        if login := login_of(user):
            self.settings["auth"] = login
        self.connection = connect(**self.settings)
        self.seen = {"rows": 0, "checksum": 0, "values": [], "error": None}

    def take(self, step, sql):
        if step == "query":
            self.read(self.ask(sql))
        elif step == "do":
            self.ask(sql).fetchall()
        elif step == "cancel":
            cursor = self.ask(sql)
            for _ in range(1000):
                self.count(cursor.fetchone())
            cursor.cancel()
        elif step == "execute":
            # Without this the client sends EXECUTE IMMEDIATE, with the text in the body.
            self.connection.legacy_prepared_statements = True
            self.read(self.connection.cursor().execute(sql, ["warren"]))
        elif step == "idle":
            self.read(self.ask(sql), pause=35)
        elif step == "heartbeat":
            self.connection = connect(heartbeat_interval=0.001, **self.settings)
            self.read(self.ask(sql))
        elif step == "begin":
            self.connection = connect(isolation_level=IsolationLevel.SERIALIZABLE, **self.settings)
        elif step == "commit":
            self.connection.commit()
        else:
            raise ValueError(f"no such step: {step}")

    def ask(self, sql):
        return self.connection.cursor().execute(sql)

    def read(self, cursor, pause=0):
        number = 0
        while (row := cursor.fetchone()) is not None:
            self.count(row)
            number += 1
            if number == 1000:
                time.sleep(pause)

    def count(self, row):
        text = "\t".join(str(value) for value in row)
        self.seen["rows"] += 1
        self.seen["checksum"] += zlib.crc32(text.encode())
        if len(self.seen["values"]) < 20:
            self.seen["values"].append(text)


def login_of(user):
    """How the test says who it is, if it does."""
    if token := os.environ.get("WARREN_TOKEN"):
        return JWTAuthentication(token)
    if file := os.environ.get("WARREN_CERTIFICATE"):
        return CertificateAuthentication(file, file)
    if password := os.environ.get("WARREN_PASSWORD"):
        return BasicAuthentication(user, password)
    return None


def main():
    client = Client(*sys.argv[1:5])
    try:
        for step in sys.argv[5:]:
            verb, _, sql = step.partition(" ")
            client.take(verb, sql)
    except Exception as error:
        client.seen["error"] = str(error)
    print(json.dumps(client.seen))


main()
