"""PostgreSQL, where a desk keeps its data there: its address, and a database of the desk's own."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from annotate.labelstudio.desks import Desk, ServerError
from annotate.model.issues import UsageError

_SCHEMES = ("postgresql://", "postgres://")
_SECONDS = 10
T = TypeVar("T")


def fields(address: str) -> dict[str, str]:
    """Host, port, user, password and dbname of an address, as far as it has them, and what Label Studio needs of them.

    UsageError where it is no `postgresql://` address; the message never holds the address, which may hold a password.
    """
    psycopg = _psycopg()
    if not address.startswith(_SCHEMES):
        raise UsageError(
            "the database's address is no PostgreSQL's; give it as postgresql://user@host:5432/"
        )
    try:
        parts = psycopg.conninfo.conninfo_to_dict(address)
        int(parts.get("port", 5432))
    except (psycopg.Error, ValueError):
        raise UsageError(
            "the database's address can't be read; give it as postgresql://user@host:5432/, with"
            " signs such as @ and / in it as %40 and %2F"
        ) from None
    defaults = {"host": "localhost", "port": "5432", "user": os.environ.get("USER", "postgres")}
    return defaults | {name: str(value) for name, value in parts.items() if value is not None}


def has_password(address: str) -> bool:
    """Whether the address tells a password."""
    return bool(fields(address).get("password"))


def shown(address: str) -> str:
    """The address without its password, for messages."""
    parts = fields(address)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts.get('dbname', '')}"


def own_database(address: str, desk: str) -> str:
    """The address of the desk's own database on that server: the one that it names, or, of a new name, one of the
    desk's.
    """
    parts = fields(address)
    # Desks of two corpora may have one name: a number tells their databases apart.
    name = parts.get("dbname") or f"{_prefix(desk)}{secrets.token_hex(4)}"
    return _address(parts | {"dbname": name})


def _prefix(desk: str) -> str:
    return f"acre_{desk.replace('-', '_')}_"


def is_own(desk: Desk) -> bool:
    """Whether the desk's database has a name that `own_database` gave it: only this desk's tables are in it."""
    name = fields(str(desk.database))["dbname"]
    return re.fullmatch(re.escape(_prefix(desk.name)) + "[0-9a-f]{8}", name) is not None


def is_on(database: str, address: str) -> bool:
    """Whether the address is that of the database, or of its server."""
    own, other = fields(database), fields(address)
    names = ("host", "port", "dbname") if other.get("dbname") else ("host", "port")
    return all(own[name] == other[name] for name in names)


def with_account_of(database: str, address: str) -> str:
    """The database's address with the account and the password of another address."""
    return _address(fields(address) | {"dbname": fields(database)["dbname"]})


def _address(parts: dict[str, str]) -> str:
    account = ":".join(
        quote(part, safe="") for part in (parts["user"], parts.get("password")) if part
    )
    host, name = quote(parts["host"], safe=""), quote(parts["dbname"], safe="")
    return f"postgresql://{account}@/{name}?host={host}&port={parts['port']}"


def without_password(address: str) -> str:
    """The address as it may be told."""
    return _address({name: value for name, value in fields(address).items() if name != "password"})


def without_database(address: str) -> str:
    """The address of the database's server."""
    return _address(fields(address) | {"dbname": ""})


def prepare(desk: Desk) -> bool:
    """Make the desk's database where there is none: whether it did. ServerError where the server can't be reached;
    UsageError where the database is another's.
    """
    if desk.database is None:
        return False
    psycopg, parts = _psycopg(), fields(desk.database)
    name = parts["dbname"]
    try:
        with _connect(parts | {"dbname": "postgres"}) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            is_new = connection.execute(query, (name,)).fetchone() is None
            if is_new:
                statement = psycopg.sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
                connection.execute(statement.format(psycopg.sql.Identifier(name)))
        with _connect(parts) as connection:
            accounts = _accounts(connection)
    except psycopg.Error as error:
        raise ServerError(
            f"{shown(desk.database)}: {' '.join(str(error).split())}; is PostgreSQL up, and may the user"
            " make databases?"
        ) from None
    if accounts and desk.email not in accounts:
        raise UsageError(
            f"{shown(desk.database)}: it is the database of another desk ({accounts[0]}); name"
            " another, or none to have one made"
        )
    return is_new


def accounts(desk: Desk) -> list[str]:
    """The e-mail addresses of the accounts in the desk's database."""
    with connected(str(desk.database)) as connection:
        return _accounts(connection)


def remove(desk: Desk) -> None:
    """Remove the desk's database, which must be new, or its own without an account: nothing of anybody's is in it."""
    psycopg, parts = _psycopg(), fields(str(desk.database))
    with _connect(parts | {"dbname": "postgres"}) as connection:
        statement = psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(statement.format(psycopg.sql.Identifier(parts["dbname"])))


def _accounts(connection: Any) -> list[str]:
    """The e-mail addresses of a Label Studio's accounts, the oldest first; none where it has no tables yet."""
    if connection.execute("SELECT to_regclass('htx_user')").fetchone()[0] is None:
        return []
    return [email for (email,) in connection.execute("SELECT email FROM htx_user ORDER BY id")]


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A connection to the database; ServerError where there is none, or where what is asked of it fails."""
    psycopg = _psycopg()
    try:
        with _connect(fields(address)) as connection:
            yield connection
    except psycopg.Error as error:
        raise ServerError(f"{shown(address)}: {' '.join(str(error).split())}") from None


def dump(
    address: str, path: Path, read: Callable[[str, Any], T], left_out: Collection[str] = ()
) -> T:
    """Write the database to a file of pg_dump, and return what `read` reads of the very same moment.

    Of the tables `left_out` the rows are not written.
    """
    with connected(address) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone()
        without = [f"--exclude-table-data={table}" for table in left_out]
        options = ("--format=custom", f"--snapshot={snapshot}", f"--file={path}", *without)
        _program(address, "pg_dump", *options)
        return read(address, connection)


def restore(desk: Desk, path: Path, read: Callable[[str], T]) -> T:
    """Make the desk's database, which must be a new one, of a file of `dump`; returns what `read` reads of it."""
    address = desk.database or ""
    prepare(desk)
    _program(
        address, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(path)
    )
    return read(address)


def _program(address: str, name: str, *options: str) -> None:
    """Run a program of PostgreSQL on the database; its password goes by the environment, which others can't read."""
    parts = fields(address)
    command = [
        name, "--host", parts["host"], "--port", parts["port"], "--username", parts["user"], "--no-password",
        "--dbname", parts["dbname"], *options,
    ]  # fmt: skip
    password = {"PGPASSWORD": parts["password"]} if "password" in parts else {}
    try:
        done = subprocess.run(
            command, env=os.environ | password, capture_output=True, text=True, check=False
        )
    except OSError:
        raise ServerError(
            f"{name} is not installed; install PostgreSQL's programs, for example with: apt-get install"
            " postgresql-client"
        ) from None
    if done.returncode:
        raise ServerError(f"{shown(address)}: {name}: {' '.join(done.stderr.split())[:300]}")


def _connect(parts: dict[str, str]) -> Any:
    return _psycopg().connect(**parts, autocommit=True, connect_timeout=_SECONDS)


def _psycopg() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
        import psycopg.sql
    except ImportError:
        raise UsageError(
            "a PostgreSQL database needs psycopg, which comes with Label Studio; install it with: pip"
            " install 'acre-corpus[server]'"
        ) from None
    return psycopg
