"""A server and a client in one, over both kinds of addresses."""

import socket
import threading


def talk(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind((address, 0))
        server.listen(1)

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.sendall(connection.recv(100).upper())

        thread = threading.Thread(target=answer)
        thread.start()
        with socket.create_connection(server.getsockname()[:2]) as client:
            client.sendall(b"hello")
            reply = client.recv(100)
        thread.join()
    return reply.decode()


print(talk(socket.AF_INET, "127.0.0.1"))
print(talk(socket.AF_INET6, "::1"))
