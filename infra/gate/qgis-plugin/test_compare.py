"""The comparison's tests, without QGIS: python3 -m unittest discover infra/gate/qgis-plugin"""

import json
import os
import tempfile
import unittest

from pozi_gate.compare import Refused, check_access, check_project, read_catalogues


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = os.path.realpath(folder.name)
        for name in ("alpha", "beta"):
            os.mkdir(f"{self.root}/{name}")
            open(f"{self.root}/{name}/{name}.qgs", "w", encoding="utf-8").close()
        self.alpha, self.beta = f"{self.root}/alpha/alpha.qgs", f"{self.root}/beta/beta.qgs"

    def listed(self, content):
        path = f"{self.root}/catalogues.json"
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return read_catalogues(path)


class Project(Folder):
    def setUp(self):
        super().setUp()
        self.catalogues = self.listed(json.dumps({"alpha": self.alpha, "beta": self.beta}))

    def test_the_catalogues_own_project_passes_however_it_is_spelt(self):
        os.symlink(self.alpha, f"{self.root}/link.qgs")
        for spelt in [self.alpha, f"{self.root}/beta/../alpha//alpha.qgs", f"{self.root}/link.qgs"]:
            with self.subTest(spelt):
                check_project(self.catalogues, "alpha", spelt)

    def test_everything_else_is_refused(self):
        os.symlink(self.beta, f"{self.root}/alpha/inner.qgs")
        for catalogue, project in [
            ("alpha", self.beta),
            ("beta", self.alpha),
            ("alpha", f"{self.root}/alpha/../beta/beta.qgs"),
            ("alpha", f"{self.root}/alpha/inner.qgs"),
            ("alpha", self.alpha + "\0"),
            ("alpha", self.beta + "\0" + self.alpha),
            ("alpha", os.path.relpath(self.alpha)),
            ("alpha", "postgresql://db?project=alpha"),
            ("alpha", "geopackage:" + self.alpha),
            ("alpha", self.alpha.upper()),
            ("alpha", self.alpha + " "),
            ("alpha", ""),
            ("", self.alpha),
            (None, self.alpha),
            ("Alpha", self.alpha),
            ("alpha, beta", self.alpha),
            ("gamma", self.alpha),
        ]:
            with self.subTest(f"{catalogue} {project!r}"), self.assertRaises(Refused):
                check_project(self.catalogues, catalogue, project)

    def test_an_empty_list_refuses_everything(self):
        with self.assertRaises(Refused):
            check_project({}, "alpha", self.alpha)


class Catalogues(Folder):
    def test_a_list_that_is_none_is_an_error(self):
        for content in ["", "[]", "{}", "null", '{"alpha": 1}', '{"alpha": "alpha.qgs"}', '{"alpha": ""}']:
            with self.subTest(content), self.assertRaises(ValueError):
                self.listed(content)

    def test_a_list_that_is_not_there_is_an_error(self):
        with self.assertRaises(OSError):
            read_catalogues(f"{self.root}/nothing.json")


class Access(unittest.TestCase):
    def test_reading_reads_and_writing_writes(self):
        for access, request in [("read", "GetMap"), ("read", ""), ("write", "Transaction"), ("write", "TRANSACTION")]:
            with self.subTest(f"{access} {request}"):
                check_access(access, request)

    def test_neither_does_the_other(self):
        for access, request in [
            ("read", "Transaction"),
            ("read", "Tran\u017faction"),  # a long s, which QGIS takes for an s
            ("write", "GetMap"),
            ("write", ""),
            ("", "GetMap"),
            ("READ", "GetMap"),
            ("read, write", "GetMap"),
        ]:
            with self.subTest(f"{access} {request}"), self.assertRaises(Refused):
                check_access(access, request)


if __name__ == "__main__":
    unittest.main()
