"""The comparison, without QGIS: does what is about to happen fit what the gateway decided?"""

import json
import os


class Refused(Exception):
    """Why a request does not pass. Its text goes to the log, never to the client."""


def read_catalogues(path):
    """The mapping of catalogues to real project paths, from a JSON file {"planning": "/srv/pozi/planning.qgz"}."""
    with open(path, encoding="utf-8") as file:
        listed = json.load(file)
    if not isinstance(listed, dict) or not listed:
        raise ValueError(f"{path} maps no catalogue to a project")
    for catalogue, project in listed.items():
        if not isinstance(project, str) or not os.path.isabs(project):
            raise ValueError(f"{path}: the project of {catalogue} is no absolute path")
    return {catalogue: os.path.realpath(project) for catalogue, project in listed.items()}


def check_project(catalogues, catalogue, project):
    """Refuses unless `project`, as QGIS names the file, is the file of `catalogue`, as the gateway names it."""
    if not catalogue:
        raise Refused("no catalogue: the request did not come through the gateway")
    expected = catalogues.get(catalogue)
    if expected is None:
        raise Refused("the catalogue is not in the list")
    if not project:
        raise Refused("no project")
    if "\0" in project:
        raise Refused("a NUL in the project's path")  # QGIS opens what stands before it
    if "://" in project or not os.path.isabs(project):
        raise Refused("the project is no absolute path")  # a database, or relative to who knows what
    if os.path.realpath(project) != expected:
        raise Refused("the project is another catalogue's")


def check_access(access, request):
    """Refuses a change of data where the gateway decided about reading, and everything else where about writing.

    `request` is REQUEST as QGIS has it after it has read query and body. Whoever may write a catalogue could otherwise
    send a map request in a body, with a URL for the server to fetch, past the gateway's look at queries.
    """
    changes = request.casefold() == "transaction"
    if access not in ("read", "write"):
        raise Refused("no access: the request did not come through the gateway")
    if changes and access == "read":
        raise Refused("a transaction where reading was decided")
    if not changes and access == "write":
        raise Refused("no transaction where writing was decided")
