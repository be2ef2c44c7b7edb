"""Reads and restores the data of a folder of catalogues without QGIS. Answers each line of input with a line of JSON.

    read FOLDER              every row of every table, and a digest of every other file
    restore FOLDER PRISTINE  copies the rows from PRISTINE into the existing files, which QGIS has open
"""

import hashlib
import json
import pathlib
import sqlite3
import sys

TABLES = "select table_name from gpkg_contents where data_type = 'features' order by 1"
OURS = (".gpkg", ".gpkg-wal", ".gpkg-shm", ".gpkg-journal")


def tables(connection):
    return [name for (name,) in connection.execute(TABLES)]


def read(folder):
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".gpkg":
            connection = sqlite3.connect(path, timeout=5)
            for table in tables(connection):
                found[f"{name}/{table}"] = [repr(row) for row in connection.execute(f'select * from "{table}" order by fid')]
            connection.close()
        elif path.is_file() and not path.name.endswith(OURS):
            found[name] = [hashlib.sha256(path.read_bytes()).hexdigest()]
    return found


def restore(folder, pristine):
    for path in sorted(pathlib.Path(pristine).rglob("*.gpkg")):
        connection = sqlite3.connect(pathlib.Path(folder) / path.relative_to(pristine), timeout=5)
        connection.execute("attach database ? as pristine", [str(path)])
        with connection:
            for table in tables(connection):
                connection.execute(f'delete from main."{table}"')
                connection.execute(f'insert into main."{table}" select * from pristine."{table}"')
        connection.close()
    return read(folder)


for line in sys.stdin:
    verb, *folders = line.split()
    try:
        answer = {"read": read, "restore": restore}[verb](*folders)
    except sqlite3.Error as error:
        answer = {"error": [str(error)]}
    print(json.dumps(answer), flush=True)
