"""What of a client's request goes on to the nodes."""

from argolane.serving.orchestrator.request_bytes import passed_on


def test_a_clients_own_connection_headers_stay_with_it() -> None:
    """All others go to every node, Authorization and Cookie among them."""
    headers = [(b"connection", b"close"), (b"authorization", b"Bearer t"), (b"host", b"x"), (b"x-a", b"1")]
    assert passed_on(headers) == b"authorization: Bearer t\r\nx-a: 1\r\n"
