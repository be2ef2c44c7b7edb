"""The two hooks. Everything that goes wrong in them is a refusal.

Measured on QGIS Server 3.22: at requestReady, query and body have been read and configFilePath() names the project that
QGIS is about to load, while QgsProject.instance() is still that of the request before. Only an access control filter
meets the project really loaded. An exception that leaves a hook does not stop the request.
"""

import os

from qgis.core import Qgis, QgsMessageLog, QgsProject
from qgis.server import QgsAccessControlFilter, QgsServerException, QgsServerFilter

from .compare import Refused, check_access, check_project, read_catalogues

CATALOGUE = "X-Pozi-Catalogue"
ACCESS = "X-Pozi-Access"
# After every other filter: what one of them changes is compared, too.
LAST = 1_000_000


class Plugin:
    """Registers both hooks; without a readable list of catalogues they refuse everything."""

    def __init__(self, server_interface):
        try:
            catalogues = read_catalogues(os.environ["POZI_PLUGIN_CATALOGUES"])
        except Exception as problem:
            tell(f"refuses everything: POZI_PLUGIN_CATALOGUES: {problem!r}")
            catalogues = {}
        self.about_to_load = AboutToLoad(server_interface, catalogues)
        self.loaded = Loaded(server_interface, catalogues)
        server_interface.registerFilter(self.about_to_load, LAST)
        server_interface.registerAccessControl(self.loaded, LAST)


class AboutToLoad(QgsServerFilter):
    """Refuses before QGIS loads anything."""

    def __init__(self, server_interface, catalogues):
        super().__init__(server_interface)
        self.catalogues = catalogues

    def requestReady(self):
        server = self.serverInterface()
        handler = server.requestHandler()
        try:
            check_project(self.catalogues, handler.requestHeader(CATALOGUE), server.configFilePath())
            check_access(handler.requestHeader(ACCESS), handler.parameterMap().get("REQUEST", ""))
        except BaseException as problem:
            tell(f"refused: {problem if isinstance(problem, Refused) else repr(problem)}")
            handler.setServiceException(QgsServerException("This request is not for this catalogue.", 403))


class Loaded(QgsAccessControlFilter):
    """Hides every layer of a project that got loaded all the same."""

    def __init__(self, server_interface, catalogues):
        super().__init__(server_interface)
        self.catalogues = catalogues

    def layerPermissions(self, layer):
        rights = QgsAccessControlFilter.LayerPermissions()
        fits = self.fits()
        rights.canRead = rights.canInsert = rights.canUpdate = rights.canDelete = fits
        return rights

    def authorizedLayerAttributes(self, layer, attributes):
        return attributes if self.fits() else []

    def allowToEdit(self, layer, feature):
        return self.fits()

    def cacheKey(self):
        # Answers are kept by project already; what may be seen of one does not vary.
        return "fits" if self.fits() else ""

    def fits(self):
        try:
            handler = self.serverInterface().requestHandler()
            check_project(self.catalogues, handler.requestHeader(CATALOGUE), QgsProject.instance().fileName())
        except BaseException as problem:
            tell(f"hidden: {problem if isinstance(problem, Refused) else repr(problem)}")
            return False
        return True


def tell(text):
    QgsMessageLog.logMessage(text, "pozi_gate", Qgis.Warning)
