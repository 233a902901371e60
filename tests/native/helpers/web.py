# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS as a client of the machine speaks it: any name, by SNI and in the request."""

import http.client
import io
import socket
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    certificate: dict       # the server's, verified for the name
    der: bytes


class Reply(io.BytesIO):
    def makefile(self, *_):
        return self


def connect(machine, host, context=None, sni=None):
    connection = socket.create_connection((machine.host, 443), 20)
    try:
        return (context or machine.tls()).wrap_socket(connection, server_hostname=sni or host)
    except BaseException:
        connection.close()
        raise


def ask(machine, host, path, method="GET", body=b"", context=None, sni=None, headers=()):
    """One request; everything until the server hangs up."""
    with connect(machine, host, context, sni) as session:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        session.sendall("".join(line + "\r\n" for line in [*lines, ""]).encode() + body)
        data = b""
        while piece := session.recv(65536):
            data += piece
        certificate, der = session.getpeercert(), session.getpeercert(binary_form=True)
    response = http.client.HTTPResponse(Reply(data), method=method)
    response.begin()
    return Answer(response.status, response.headers, response.read(), certificate, der)
